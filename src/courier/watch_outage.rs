//! Notices an outage of the database by its answers.

use std::future::Future;

use super::{Courier, timing::LATE_ANSWER};
use crate::db::DbFault;

impl Courier {
    /// Waits for an answer of the database, and remembers when that shows an outage.
    pub(super) async fn watch_outage<T>(
        &self,
        asked: impl Future<Output = Result<T, DbFault>>,
    ) -> Result<T, DbFault> {
        let began = self.clock.now();
        let answer = asked.await;
        let now = self.clock.now();
        let away = matches!(answer, Err(DbFault::Unavailable(_) | DbFault::InDoubt(_)));
        if away || now - began > LATE_ANSWER {
            self.outage.noticed(now);
        }
        answer
    }
}
