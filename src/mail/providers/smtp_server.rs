//! Headers that a mail provider's SMTP server takes for itself: the letter's id, which its webhook returns,
//! and that it must not track. They are sent to that provider's hosts alone.

use crate::domain::ids::LetterId;

/// The SMTP servers of a provider that takes such headers.
pub(in crate::mail) struct SmtpServer {
    /// Whether a host, in lower case, is one of them.
    pub is_host: fn(&str) -> bool,
    /// The header that its webhook returns.
    pub id: &'static str,
    /// What precedes the letter's id in its value.
    pub prefix: &'static str,
    /// Further headers, which switch tracking off.
    pub others: &'static [(&'static str, &'static str)],
}

impl SmtpServer {
    /// The headers of this letter.
    pub fn headers(&self, letter: LetterId) -> Vec<(&'static str, String)> {
        let others = self.others.iter().map(|(name, value)| (*name, (*value).to_owned()));
        [(self.id, format!("{}{letter}", self.prefix))].into_iter().chain(others).collect()
    }
}
