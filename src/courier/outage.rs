//! A database that was away, and the couriers that could not reach it.
//!
//! While a database is away no lease can be renewed and no outcome stored. When it is back, a courier that
//! claims letters at once would find the leases of others at their end, and send what they have sent and not
//! yet recorded. So every courier that noticed the outage leaves leased letters alone for [`RECOVERY`].

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::timing::RECOVERY;

/// When the database was last found to be away. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Outage(Arc<Mutex<Option<DateTime<Utc>>>>);

impl Outage {
    pub(super) fn noticed(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// Until when leased letters are left alone though their lease is over, if they are.
    pub(super) fn recovers_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .map(|last| last + RECOVERY)
            .filter(|end| now < *end)
    }
}
