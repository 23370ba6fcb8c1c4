//! Whether a write can commit, found out by one: a server may read, and take writes, and wait at each COMMIT
//! for a synchronous standby that is gone, for a disk that is full, or for nothing that ever comes.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Integer};
use tokio::{sync::watch, time::timeout};

use super::{any_connection::AnyConnection, persist::persist};
use crate::db::{Db, DbFault, Tx};

/// A commit that was seen counts for this long: whoever asks more often shares it.
const SHARED: Duration = Duration::from_secs(1);

/// What came of a commit, and when.
type Seen = Option<(Instant, Result<(), DbFault>)>;

/// The last commit that was tried for its own sake. Clones share it.
#[derive(Clone, Default)]
pub(in crate::db) struct Commits(Arc<Mutex<Option<Asked>>>);

#[derive(Clone)]
struct Asked {
    began: Instant,
    seen: watch::Receiver<Seen>,
}

impl Asked {
    /// Whether it answers for this moment too: it is under way, or went well just now.
    fn counts(&self) -> bool {
        match &*self.seen.borrow() {
            None => self.seen.has_changed().is_ok(),
            Some((at, outcome)) => outcome.is_ok() && at.elapsed() < SHARED,
        }
    }
}

impl Db {
    /// Whether a write commits, within that time. Nothing is written that stays, on a connection of its own;
    /// one at a time, which all who ask meanwhile share. One that hangs is waited for by nobody for longer
    /// than that time, and no second one hangs beside it.
    ///
    /// # Errors
    /// [`DbFault`] when it does not.
    pub async fn can_commit(&self, patience: Duration) -> Result<(), DbFault> {
        let Asked { began, mut seen } = self.commit_asked();
        let left = patience.saturating_sub(began.elapsed());
        let outcome = timeout(left, seen.wait_for(Option::is_some)).await.ok().and_then(Result::ok);
        let outcome = outcome.and_then(|seen| seen.as_ref().map(|(_, outcome)| outcome.clone()));
        outcome.unwrap_or_else(|| Err(DbFault::unavailable("a commit has not ended in time")))
    }

    fn commit_asked(&self) -> Asked {
        let mut last = self.commits.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = last.as_ref().filter(|asked| asked.counts()) {
            return asked.clone();
        }
        let (tell, seen) = watch::channel(None);
        let asked = Asked { began: Instant::now(), seen };
        *last = Some(asked.clone());
        let lane = self.commit_lane.clone();
        tokio::spawn(async move {
            let outcome = lane.run(|connection| persist(connection, &write)).await.flatten();
            tell.send_replace(Some((Instant::now(), outcome)));
        });
        asked
    }
}

/// A record in the server's log alone, or a number of SQLite's written anew: a commit to wait for, and no
/// row.
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
