//! The size and age of the outbox.

use std::time::Duration;

use chrono::TimeDelta;

use super::Services;
use crate::db::{DbFault, letters::outbox};

/// The age from which letters count as late: a relay that is briefly unavailable is no fault yet.
const LATE: TimeDelta = TimeDelta::minutes(15);

/// The state of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// The number of queued letters.
    pub queued: i64,
    /// The age of the oldest one; zero when there is none.
    pub oldest: TimeDelta,
}

impl Backlog {
    /// Whether a letter is late.
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
    /// Reads the state of the outbox, within this timeout.
    ///
    /// # Errors
    /// When the database is unavailable.
    pub async fn backlog(&self, time_limit: Duration) -> Result<Backlog, DbFault> {
        let now = self.clock.now();
        let backlog = self.db.within(time_limit).look_up(outbox::backlog).await?;
        let oldest = backlog.oldest.map_or(TimeDelta::zero(), |oldest| (now - oldest).max(TimeDelta::zero()));
        Ok(Backlog { queued: backlog.queued, oldest })
    }
}
