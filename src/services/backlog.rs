//! How full the outbox is, and whether letters grow old in it.

use std::time::Duration;

use chrono::TimeDelta;

use super::Services;
use crate::db::{DbFault, letters::outbox};

/// Letters that are not sent within this time are late: a relay that is away for a moment is not yet a fault.
const LATE: TimeDelta = TimeDelta::minutes(15);

/// What waits to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// How many letters.
    pub queued: i64,
    /// How long ago the oldest of them was put in; zero when there is none.
    pub oldest: TimeDelta,
}

impl Backlog {
    /// Whether letters grow old.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.oldest > LATE
    }

    /// The age of the oldest letter in seconds.
    #[must_use]
    pub fn oldest_seconds(&self) -> f64 {
        self.oldest.as_seconds_f64()
    }
}

impl Services {
    /// Looks, for no longer than that.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn backlog(&self, patience: Duration) -> Result<Backlog, DbFault> {
        let now = self.clock.now();
        let backlog = self.db.within(patience).read(outbox::backlog).await?;
        let oldest = backlog.oldest.map_or(TimeDelta::zero(), |oldest| (now - oldest).max(TimeDelta::zero()));
        Ok(Backlog { queued: backlog.queued, oldest })
    }
}
