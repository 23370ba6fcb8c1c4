//! A connection in the pool: how it is made, judged and dropped.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use diesel::{
    Connection as _, PgConnection, SqliteConnection,
    connection::SimpleConnection,
    r2d2::{ManageConnection, R2D2Connection},
};
use secrecy::ExposeSecret;

use super::{
    any_connection::AnyConnection,
    database_url::{DatabaseUrl, Dialect},
    purpose::Purpose,
    session::{LOCK, PARAMETERS, Session, Settings, check_writable},
    transaction::{begin, finish},
};
use crate::db::{AsFault, error::DbFault};

/// A pooled connection, and whether it is still fit for use.
pub(in crate::db) struct Pooled {
    pub(in crate::db) any: AnyConnection,
    broken: bool,
    answered_at: Instant,
    verified_at: Instant,
    /// What each transaction begins with, where the session is not ours (PostgreSQL behind a pooler).
    pub(in crate::db) local: Option<String>,
}

impl Pooled {
    fn new(any: AnyConnection, local: Option<String>) -> Self {
        let now = Instant::now();
        Self { any, broken: false, answered_at: now, verified_at: now, local }
    }

    /// Whether it is taken out of the pool when it is given back.
    pub(in crate::db) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Notes that the server answered.
    pub(in crate::db) fn answered(&mut self) {
        self.answered_at = Instant::now();
    }

    /// Whether the server has answered on this connection after `doubt` and within the last `fresh`, and was
    /// asked within it whether it takes writes.
    pub(in crate::db) fn has_answered_since(&self, doubt: Instant, fresh: Duration) -> bool {
        self.answered_at > doubt && self.answered_at.elapsed() < fresh && self.verified_at.elapsed() < fresh
    }

    /// Asks for a sign of life, and a server whether it takes writes: a standby knows nothing of what was
    /// written a moment ago. Without one, the connection leaves the pool when it is given back.
    pub(in crate::db) fn ping(&mut self) -> bool {
        let alive = match self.any {
            AnyConnection::Postgres(_) => self.reading(&check_writable).is_ok(),
            AnyConnection::Sqlite(ref mut connection) => R2D2Connection::ping(connection).is_ok(),
        };
        self.broken = !alive;
        self.verified_at = Instant::now();
        alive
    }

    /// Runs a query. Where the session is not ours it is a transaction, which has our settings and one
    /// server.
    pub(in crate::db) fn reading<T, E>(
        &mut self,
        query: &impl Fn(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<DbFault> + AsFault,
    {
        let Some(local) = &self.local else { return query(&mut self.any) };
        begin(&mut self.any, Some(local))?;
        let outcome = query(&mut self.any);
        finish(&mut self.any, outcome).map_err(|error| match error.as_fault() {
            // It has read, whatever became of the COMMIT.
            Some(DbFault::InDoubt(words)) => E::from(DbFault::Disconnected(words.clone())),
            _ => error,
        })
    }

    /// Discards the connection when what it was used for says that the server is gone. Diesel notices that
    /// only when a transaction breaks, and a dead connection in the pool would fail every request that it is
    /// lent to.
    ///
    /// Diesel hands on neither SQLSTATE nor a kind for most of PostgreSQL's errors, and their words come in
    /// the server's language. So what is not understood is weighed: after as long as a statement may wait for
    /// a lock it is unavailability, and on a connection that no longer answers it is a lost one, and no
    /// defect.
    pub(in crate::db) fn classify_error<T, E: From<DbFault> + AsFault>(
        &mut self,
        began: Instant,
        outcome: Result<T, E>,
    ) -> Result<T, E> {
        let Err(error) = outcome else { return outcome };
        match error.as_fault() {
            Some(DbFault::Unavailable(_) | DbFault::Disconnected(_) | DbFault::InDoubt(_)) => {
                self.broken = true
            }
            Some(DbFault::Other(words)) if self.is_postgres() => {
                let words = words.clone();
                if began.elapsed() >= LOCK {
                    self.broken = true;
                    return Err(E::from(DbFault::unavailable(words)));
                }
                if !self.ping() {
                    return Err(E::from(DbFault::Disconnected(words)));
                }
            }
            _ => {}
        }
        Err(error)
    }

    /// Whether this is a connection to a server, whose words are in its own language.
    pub(in crate::db) fn is_postgres(&self) -> bool {
        matches!(self.any, AnyConnection::Postgres(_))
    }
}

/// Makes connections for the pool. `AnyConnection::establish` is not used, which loses errors and may make a
/// file (findings/diesel-multi-connection.sh).
#[derive(Clone)]
pub(in crate::db) struct Manager {
    pub(in crate::db) url: DatabaseUrl,
    pub(in crate::db) purpose: Purpose,
    /// Whether a pooler stands before the server that refuses our settings, as far as is known.
    pub(in crate::db) behind_pooler: Arc<AtomicBool>,
}

/// Why there is no connection, in words without a password: the pool hands them to whoever waits, and to its
/// logger.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(in crate::db) struct ConnectFault(String);

impl Manager {
    fn fault(&self, error: &dyn std::error::Error) -> ConnectFault {
        ConnectFault(self.url.redact(&error.to_string()))
    }

    /// A connection to PostgreSQL, and what its transactions begin with.
    pub(in crate::db) fn postgres(&self) -> Result<(PgConnection, Option<String>), ConnectFault> {
        let settings = Settings::new(&self.url, self.purpose);
        let mut connection = self.establish(&settings)?;
        let session = Session::of(&mut connection).map_err(|error| self.fault(&error))?;
        if session.read_only {
            return Err(ConnectFault(
                "the server is a standby, or takes no writes (behind pgpool-II: load_balance_mode must be off)".to_owned(),
            ));
        }
        Ok((connection, (!session.is_set).then(|| settings.local())))
    }

    /// A connection to PostgreSQL of which nothing was asked yet.
    pub(in crate::db) fn bare(&self) -> Result<PgConnection, ConnectFault> {
        self.establish(&Settings::new(&self.url, self.purpose))
    }

    fn establish(&self, settings: &Settings) -> Result<PgConnection, ConnectFault> {
        let connect = |options: Option<&str>| {
            let url = self.url.with(&PARAMETERS, options);
            PgConnection::establish(url.expose_secret()).map_err(|error| self.fault(&error))
        };
        if self.behind_pooler.load(Ordering::Relaxed) {
            return connect(None);
        }
        // What libpq would take from the environment, were there no options of ours.
        let given = if self.url.has_options() { None } else { std::env::var("PGOPTIONS").ok() };
        let options = format!("{} {}", settings.options(), given.unwrap_or_default());
        match connect(Some(options.trim())) {
            Err(ConnectFault(words)) if refuses_options(&words) => {
                self.behind_pooler.store(true, Ordering::Relaxed);
                connect(None)
            }
            outcome => outcome,
        }
    }
}

/// PgBouncer's words for it, and those of Amazon's RDS Proxy.
fn refuses_options(words: &str) -> bool {
    words.contains("unsupported startup parameter") || words.contains("command-line options")
}

/// A write that waits longer for SQLite's lock than this has met somebody's tool in the file. Other writes
/// wait behind it.
const BUSY: Duration = Duration::from_secs(2);

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = ConnectFault;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        match self.url.dialect() {
            Dialect::Postgres => {
                let (connection, local) = self.postgres()?;
                Ok(Pooled::new(AnyConnection::Postgres(connection), local))
            }
            Dialect::Sqlite => {
                let mut connection =
                    SqliteConnection::establish(self.url.expose()).map_err(|error| self.fault(&error))?;
                let reads = matches!(self.purpose, Purpose::Read | Purpose::LookUp);
                let query_only = if reads { "PRAGMA query_only = ON;" } else { "" };
                connection
                    .batch_execute(&format!(
                        "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                         PRAGMA foreign_keys = ON; {query_only}",
                        BUSY.as_millis()
                    ))
                    .map_err(|error| self.fault(&error))?;
                Ok(Pooled::new(AnyConnection::Sqlite(connection), None))
            }
        }
    }

    fn is_valid(&self, connection: &mut Pooled) -> Result<(), Self::Error> {
        if connection.ping() { Ok(()) } else { Err(ConnectFault("it gives no sign of life".to_owned())) }
    }

    /// A panic may have left a transaction open, and the next one to be lent the connection would write into
    /// it.
    fn has_broken(&self, connection: &mut Pooled) -> bool {
        let any = &mut connection.any;
        connection.broken || std::thread::panicking() || each!(any, c => R2D2Connection::is_broken(c))
    }
}
