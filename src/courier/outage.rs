//! A database that was away, and what others may still have to tell it.
//!
//! While a database is away no lease can be renewed, and no outcome stored. When it is back, a courier that
//! looks for letters at once would find the leases of the others at their end, and send what they have sent
//! and not yet been able to tell. So everybody who noticed leaves such letters alone for a moment, in which
//! those who have them in hand tell what became of them.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

use super::Courier;
use crate::db::DbFault;

/// Whoever answers later than this was away.
const LATE: TimeDelta = TimeDelta::seconds(5);
/// How long those who have letters in hand are given: they try to tell of them every 3 seconds, and renew the
/// lease of what is still being sent every 20, each with a wait for a connection.
const SPARED: TimeDelta = TimeDelta::seconds(30);

/// When the database was last found to be away. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Outage(Arc<Mutex<Option<DateTime<Utc>>>>);

impl Outage {
    pub(super) fn noticed(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// Until when letters that somebody has had in hand are left alone though their lease is over, if they
    /// are.
    pub(super) fn spares_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .map(|last| last + SPARED)
            .filter(|end| now < *end)
    }
}

impl Courier {
    /// Asks the database for something, and notices when it is away.
    pub(super) async fn noticing<T>(
        &self,
        asked: impl Future<Output = Result<T, DbFault>>,
    ) -> Result<T, DbFault> {
        let began = self.clock.now();
        let answer = asked.await;
        let now = self.clock.now();
        let away = matches!(answer, Err(DbFault::Unavailable(_) | DbFault::InDoubt(_)));
        if away || now - began > LATE {
            self.outage.noticed(now);
        }
        answer
    }
}
