//! Whose fault a refusal is, and what follows from that.

use crate::domain::mail_fault::MailFault;

/// Who or what a refusal is due to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The address: it does not exist, or its domain accepts no mail.
    Address,
    /// The mailbox: it exists, and does not accept this letter, or none for now.
    Mailbox,
    /// The letter's content or form.
    Content,
    /// The operator's side: sender, machine, account or set-up.
    Us(MailFault),
    /// The network, or a mail server on the way.
    Network,
}

/// What a code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// Who or what is at fault.
    pub blame: Blame,
    /// Whether another letter would fail too, until something is changed. `false` where time may help.
    pub is_final: bool,
    /// Whether it says that the mailbox does not exist, and that this is final.
    pub denies_mailbox: bool,
    /// What staff can do, where it is not the operator's fault.
    pub(super) advice: &'static str,
}

impl Judgement {
    /// What staff can do about it, in a sentence or two.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self.blame {
            Blame::Us(fault) => fault.explanation(),
            _ => self.advice,
        }
    }

    /// The fault of a letter that was given up for this. `None` where the address is at fault.
    #[must_use]
    pub fn fault(&self) -> Option<MailFault> {
        match self.blame {
            Blame::Us(fault) => Some(fault),
            Blame::Content => Some(MailFault::Blocked),
            Blame::Network => Some(MailFault::Network),
            Blame::Mailbox if self.is_final => Some(MailFault::Mailbox),
            Blame::Mailbox => Some(MailFault::Unavailable),
            Blame::Address => None,
        }
    }
}
