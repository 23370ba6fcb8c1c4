//! The outcome of an attempt to send a letter.

use chrono::{DateTime, Utc};

use crate::domain::{letter::Receipt, refusal_cause::RefusalCause};

/// The outcome of an attempt.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The relay accepted it.
    Sent {
        /// The time.
        at: DateTime<Utc>,
        /// The provider, and its message id.
        receipt: Receipt,
    },
    /// It will be retried.
    Retry {
        /// The time of the next attempt.
        at: DateTime<Utc>,
        /// The error.
        error: String,
        /// Its cause, as far as it is known.
        cause: RefusalCause,
        /// Until when the relay asked for a pause of all letters, if it did.
        held_until: Option<DateTime<Utc>>,
    },
    /// It is given up.
    Failed {
        /// The time.
        at: DateTime<Utc>,
        /// The error.
        error: String,
        /// Its cause, as far as it is known.
        cause: RefusalCause,
        /// Until when the relay asked for a pause of all letters, if it did.
        held_until: Option<DateTime<Utc>>,
    },
    /// Its link became invalid meanwhile; it was not sent.
    Withdrawn,
    /// It was not tried, and the claim is undone.
    Untried {
        /// The time.
        at: DateTime<Utc>,
    },
}

impl Outcome {
    /// When the relay accepted it, and its receipt, if it did.
    #[must_use]
    pub fn sent(&self) -> Option<(DateTime<Utc>, &Receipt)> {
        match self {
            Self::Sent { at, receipt } => Some((*at, receipt)),
            _ => None,
        }
    }

    /// The outcome in one word.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Sent { .. } => "sent",
            Self::Retry { .. } => "deferred",
            Self::Failed { .. } => "failed",
            Self::Withdrawn => "withdrawn",
            Self::Untried { .. } => "untried",
        }
    }

    /// Why it was not sent, if it was tried or refused.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Retry { error, .. } | Self::Failed { error, .. } => Some(error),
            Self::Sent { .. } | Self::Withdrawn | Self::Untried { .. } => None,
        }
    }

    /// Until when the relay asked for a pause of all letters, if it did.
    #[must_use]
    pub fn held_until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Retry { held_until, .. } | Self::Failed { held_until, .. } => *held_until,
            Self::Sent { .. } | Self::Withdrawn | Self::Untried { .. } => None,
        }
    }
}
