//! What a reply says about the cause.

use crate::domain::{enhanced_status::Blame, mail_fault::MailFault};

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

/// The content and the network are neither the recipient's side nor ours, so that the words of a reply may
/// say more.
impl From<Blame> for About {
    fn from(blame: Blame) -> Self {
        match blame {
            Blame::Us(fault) => Self::Us(fault),
            Blame::Address | Blame::Mailbox => Self::Recipient,
            Blame::Content | Blame::Network => Self::Unknown,
        }
    }
}
