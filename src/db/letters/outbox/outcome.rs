//! What became of an attempt to send a letter.

use chrono::{DateTime, Utc};

use crate::domain::{letter::Receipt, mail_fault::MailFault};

/// What became of an attempt.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The relay took it.
    Sent {
        /// When.
        at: DateTime<Utc>,
        /// By whom, and under which name.
        receipt: Receipt,
    },
    /// It is to be tried again.
    Retry {
        /// When.
        at: DateTime<Utc>,
        /// What went wrong.
        error: String,
        /// What the operator has to put right, where that is known.
        fault: Option<MailFault>,
        /// Until when the relay asked to be left alone with every letter, if it did.
        held_until: Option<DateTime<Utc>>,
    },
    /// It is given up.
    Failed {
        /// When.
        at: DateTime<Utc>,
        /// What went wrong.
        error: String,
        /// What the operator has to put right, where that is known.
        fault: Option<MailFault>,
        /// Until when the relay asked to be left alone with every letter, if it did.
        held_until: Option<DateTime<Utc>>,
    },
    /// Its link died meanwhile; it was not sent.
    Withdrawn,
    /// Its turn did not come: it is given back.
    Untried {
        /// When.
        at: DateTime<Utc>,
    },
}

impl Outcome {
    /// When the relay took it, and what it gave for it, if it did.
    #[must_use]
    pub fn sent(&self) -> Option<(DateTime<Utc>, &Receipt)> {
        match self {
            Self::Sent { at, receipt } => Some((*at, receipt)),
            _ => None,
        }
    }

    /// Until when the relay asked to be left alone with every letter, if it did.
    #[must_use]
    pub fn held_until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Retry { held_until, .. } | Self::Failed { held_until, .. } => *held_until,
            Self::Sent { .. } | Self::Withdrawn | Self::Untried { .. } => None,
        }
    }
}
