//! Addresses that no letter goes to, and why.

use chrono::{DateTime, Utc};

use super::{email::Email, ids::SuppressionId};

closed_set! {
    /// Why an address is not written to; a later one here is graver.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum SuppressionReason {
        /// There is no such mailbox, as a provider says.
        Bounced = "bounced",
        /// Whoever reads its mail asked not to be written to again, by a link that was mailed there.
        Unsubscribed = "unsubscribed",
        /// A letter to it was called spam.
        Complained = "complained",
    }
}

/// An address that no letter goes to, until staff lift it.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// The id.
    pub id: SuppressionId,
    /// The address.
    pub email: Email,
    /// Why.
    pub reason: SuppressionReason,
    /// What the provider said, where one did: a line without an address or a link.
    pub detail: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}
