//! Checks whether a write can commit. A server may answer reads and accept writes, and yet block each COMMIT
//! for a synchronous standby that is gone, for a full disk, or for ever. No timeout of the server ends that.
//! See findings/postgresql-commit-without-timeout.sh.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Integer};
use tokio::{sync::watch, time::timeout};

use super::{
    any_connection::AnyConnection, bounded_pool::BoundedPool, persist::persist, transaction::Tx,
    work_error::WorkError,
};
use crate::db::error::DbFault;

/// How long the result of a check is reused.
const SHARED: Duration = Duration::from_secs(1);

/// The result of a check, and its time.
type Seen = Option<(Instant, Result<(), DbFault>)>;

/// The last check. Clones share it.
#[derive(Clone, Default)]
pub(in crate::db) struct Commits(Arc<Mutex<Option<Asked>>>);

#[derive(Clone)]
struct Asked {
    began: Instant,
    seen: watch::Receiver<Seen>,
}

impl Asked {
    /// Whether it is valid now: it is running, or succeeded recently.
    fn counts(&self) -> bool {
        match &*self.seen.borrow() {
            None => self.seen.has_changed().is_ok(),
            Some((at, outcome)) => outcome.is_ok() && at.elapsed() < SHARED,
        }
    }
}

impl Commits {
    /// Whether a write commits within that time, on a connection of this pool. It leaves no data behind. One
    /// check runs at a time and is shared by concurrent callers. When it hangs, callers wait no longer than
    /// their time, and no second check starts.
    ///
    /// # Errors
    /// [`DbFault`] when it does not commit.
    pub(in crate::db) async fn check(&self, pool: &BoundedPool, time_limit: Duration) -> Result<(), DbFault> {
        let Asked { began, mut seen } = self.asked(pool);
        let left = time_limit.saturating_sub(began.elapsed());
        let outcome = timeout(left, seen.wait_for(Option::is_some)).await.ok().and_then(Result::ok);
        let outcome = outcome.and_then(|seen| seen.as_ref().map(|(_, outcome)| outcome.clone()));
        outcome.unwrap_or_else(|| Err(DbFault::unavailable("a commit did not complete in time")))
    }

    fn asked(&self, pool: &BoundedPool) -> Asked {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = last.as_ref().filter(|asked| asked.counts()) {
            return asked.clone();
        }
        let (result, seen) = watch::channel(None);
        let asked = Asked { began: Instant::now(), seen };
        *last = Some(asked.clone());
        let pool = pool.clone();
        tokio::spawn(async move {
            let outcome = pool.run(|connection| persist(connection, &write)).await;
            let outcome = outcome.map_err(WorkError::into_inner);
            result.send_replace(Some((Instant::now(), outcome)));
        });
        asked
    }
}

/// A write without a row: a message in PostgreSQL's WAL, or SQLite's `user_version` set to its own value.
fn write(tx: &mut Tx<'_>) -> Result<(), DbFault> {
    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = Integer)]
        user_version: i32,
    }
    match tx.writing() {
        AnyConnection::Postgres(c) => {
            sql_query("SELECT pg_logical_emit_message(true, 'invitation-service', '')").execute(c)?;
        }
        AnyConnection::Sqlite(c) => {
            let Version { user_version } = sql_query("PRAGMA user_version").get_result(c)?;
            c.batch_execute(&format!("PRAGMA user_version = {user_version}"))?;
        }
    }
    Ok(())
}
