//! What a reply says about the cause.

use crate::domain::mail_fault::MailFault;

/// Whom a reply concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Our side: the operator, or the administrator of the relay or provider, must correct it.
    Us(MailFault),
    /// The recipient, by the code or the words.
    Recipient,
    /// Unknown.
    Unknown,
}
