//! How long an activation link lives.

use chrono::{DateTime, TimeDelta, Utc};

/// The time from the moment a link was sent, or its letter handed to the relay, to its expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkLifetime(pub TimeDelta);

impl LinkLifetime {
    /// When a link that was sent at `sent_at` expires.
    #[must_use]
    pub fn expires_at(self, sent_at: DateTime<Utc>) -> DateTime<Utc> {
        sent_at + self.0
    }
}
