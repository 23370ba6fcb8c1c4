//! A connection in the pool: creating, checking and dropping it.

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
use crate::db::error::{AsFault, DbFault};

/// A pooled connection, and whether it is still usable.
pub(in crate::db) struct Pooled {
    pub(in crate::db) any: AnyConnection,
    broken: bool,
    answered_at: Instant,
    verified_at: Instant,
    /// The settings for the start of each transaction, where the session belongs to a pooler (PostgreSQL).
    pub(in crate::db) local: Option<String>,
}

impl Pooled {
    fn new(any: AnyConnection, local: Option<String>) -> Self {
        let now = Instant::now();
        Self { any, broken: false, answered_at: now, verified_at: now, local }
    }

    /// Whether it is removed from the pool when it is returned.
    pub(in crate::db) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Records that the server answered.
    pub(in crate::db) fn answered(&mut self) {
        self.answered_at = Instant::now();
    }

    /// Whether the server has answered on this connection after `suspect` and within the last `fresh`, and
    /// was checked for writability within that time.
    pub(in crate::db) fn has_answered_since(&self, suspect: Instant, fresh: Duration) -> bool {
        self.answered_at > suspect && self.answered_at.elapsed() < fresh && self.verified_at.elapsed() < fresh
    }

    /// Checks that the server answers, and that it accepts writes: a standby lacks the newest rows. If not,
    /// the connection is removed from the pool when it is returned.
    pub(in crate::db) fn ping(&mut self) -> bool {
        let alive = match self.any {
            AnyConnection::Postgres(_) => self.reading(&check_writable).is_ok(),
            AnyConnection::Sqlite(ref mut connection) => R2D2Connection::ping(connection).is_ok(),
        };
        self.broken = !alive;
        self.verified_at = Instant::now();
        alive
    }

    /// Runs a query. Behind a pooler it runs in a transaction, so that it has our settings and a single
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
            // The read has succeeded, whatever the outcome of the COMMIT.
            Some(DbFault::InDoubt(words)) => E::from(DbFault::Disconnected(words.clone())),
            _ => error,
        })
    }

    /// Marks the connection as broken when the error of its use means that the server is gone. Diesel notices
    /// that only when a transaction breaks, and a dead connection in the pool would fail every request that
    /// uses it.
    ///
    /// Diesel gives neither the SQLSTATE nor a kind for most of PostgreSQL's errors, and their messages are
    /// in the server's language. So an unknown error is classified by its circumstances: after the time of
    /// the lock timeout it counts as unavailability, and on a connection that no longer answers as a lost
    /// connection, not as a defect.
    pub(in crate::db) fn classify_error<T, E: From<DbFault> + AsFault>(
        &mut self,
        began: Instant,
        outcome: Result<T, E>,
    ) -> Result<T, E> {
        let Err(error) = outcome else { return outcome };
        match error.as_fault() {
            Some(DbFault::Unavailable(_) | DbFault::Disconnected(_) | DbFault::InDoubt(_)) => {
                self.broken = true;
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

    /// Whether this is a connection to PostgreSQL, whose messages may be in any language.
    pub(in crate::db) fn is_postgres(&self) -> bool {
        matches!(self.any, AnyConnection::Postgres(_))
    }
}

/// Makes connections for the pool. `AnyConnection::establish` is not used: it swallows errors, and may create
/// a file (findings/diesel-multi-connection.sh).
#[derive(Clone)]
pub(in crate::db) struct Manager {
    pub(in crate::db) url: DatabaseUrl,
    pub(in crate::db) purpose: Purpose,
    /// Whether a pooler that refuses our settings is known to be in front of the server.
    pub(in crate::db) behind_pooler: Arc<AtomicBool>,
}

/// Why there is no connection, without a password: the pool gives this to waiting callers and to its logger.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(in crate::db) struct ConnectFault(String);

impl Manager {
    fn fault(&self, error: &dyn std::error::Error) -> ConnectFault {
        ConnectFault(self.url.redact(&error.to_string()))
    }

    /// A connection to PostgreSQL, and the settings for its transactions, if needed.
    pub(in crate::db) fn postgres(&self) -> Result<(PgConnection, Option<String>), ConnectFault> {
        let settings = Settings::new(&self.url, self.purpose);
        let mut connection = self.establish(&settings)?;
        let session = Session::of(&mut connection).map_err(|error| self.fault(&error))?;
        if session.read_only {
            return Err(ConnectFault(
                "the server is a standby, or takes no writes (with pgpool-II set load_balance_mode = off)"
                    .to_owned(),
            ));
        }
        Ok((connection, (!session.is_set).then(|| settings.local())))
    }

    /// A connection to PostgreSQL on which no query has run.
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
        // libpq ignores PGOPTIONS when the URL has options, so it is added here.
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

/// The messages of PgBouncer and of Amazon's RDS Proxy.
fn refuses_options(words: &str) -> bool {
    words.contains("unsupported startup parameter") || words.contains("command-line options")
}

/// How long a write waits for SQLite's lock. Only another program in the same file can hold it for longer,
/// and other writes wait meanwhile.
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
                // Deleted content is overwritten: an erased address must not remain in the file.
                connection
                    .batch_execute(&format!(
                        "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                         PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; {query_only}",
                        BUSY.as_millis()
                    ))
                    .map_err(|error| self.fault(&error))?;
                Ok(Pooled::new(AnyConnection::Sqlite(connection), None))
            }
        }
    }

    fn is_valid(&self, connection: &mut Pooled) -> Result<(), Self::Error> {
        if connection.ping() { Ok(()) } else { Err(ConnectFault("the server does not answer".to_owned())) }
    }

    /// A panic may have left a transaction open, and the connection's next user would write into it.
    fn has_broken(&self, connection: &mut Pooled) -> bool {
        let any = &mut connection.any;
        connection.broken || std::thread::panicking() || each!(any, c => R2D2Connection::is_broken(c))
    }
}
