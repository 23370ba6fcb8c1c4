//! Suppressed addresses, to which no letter is sent.

use chrono::{DateTime, Utc};

use super::{email::Email, ids::SuppressionId};

closed_set! {
    /// Why an address is suppressed, in ascending rank.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum SuppressionReason {
        /// Returned mail or a provider reported that there is no such mailbox.
        Bounced = "bounced",
        /// The reader of the mailbox unsubscribed, by a link that was mailed there.
        Unsubscribed = "unsubscribed",
        /// A letter to it was marked as spam.
        Complained = "complained",
    }
}

/// An address to which no letter is sent until staff remove it.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// The id.
    pub id: SuppressionId,
    /// The address.
    pub email: Email,
    /// Why.
    pub reason: SuppressionReason,
    /// The provider's message, if any: a line without an address or a link.
    pub detail: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}
