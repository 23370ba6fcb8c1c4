//! A connection in the pool: how it is made, judged and dropped.

use std::time::{Duration, Instant};

use diesel::{
    Connection as _, PgConnection, SqliteConnection,
    connection::SimpleConnection,
    r2d2::{ManageConnection, R2D2Connection},
};
use secrecy::ExposeSecret;

use super::{
    AsFault,
    connection::AnyConnection,
    fault::DbFault,
    url::{DatabaseUrl, Dialect},
};

/// A pooled connection, and whether it is still fit for use.
pub(super) struct Pooled {
    pub(super) any: AnyConnection,
    broken: bool,
    answered_at: Instant,
}

impl Pooled {
    /// Whether it is taken out of the pool when it is given back.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Notes that the server answered.
    pub(super) fn answered(&mut self) {
        self.answered_at = Instant::now();
    }

    /// Whether the server has answered on this connection after `doubt`, and within the last `fresh`.
    pub(super) fn has_answered_since(&self, doubt: Instant, fresh: Duration) -> bool {
        self.answered_at > doubt && self.answered_at.elapsed() < fresh
    }

    /// Asks for a sign of life. Without one, the connection leaves the pool when it is given back.
    pub(super) fn ping(&mut self) -> bool {
        let any = &mut self.any;
        self.broken = each!(any, c => R2D2Connection::ping(c)).is_err();
        !self.broken
    }

    /// Discards the connection when what it was used for says that the server is gone. Diesel notices that only when a
    /// transaction breaks, and a dead connection in the pool would fail every request that it is lent to.
    ///
    /// Diesel hands on neither SQLSTATE nor a kind for most of PostgreSQL's errors, and their words come in the server's
    /// language. So what is not understood is weighed: on a connection that no longer answers, or after as long as a
    /// statement may wait for a lock, it is unavailability and no defect.
    pub(super) fn judge<T, E: From<DbFault> + AsFault>(&mut self, began: Instant, outcome: Result<T, E>) -> Result<T, E> {
        let Err(error) = outcome else { return outcome };
        match error.as_fault() {
            Some(DbFault::Unavailable(_) | DbFault::InDoubt(_)) => self.broken = true,
            Some(DbFault::Other(words)) if self.is_postgres() && (began.elapsed() >= LOCK || !self.ping()) => {
                self.broken = true;
                return Err(E::from(DbFault::unavailable(words.clone())));
            }
            _ => {}
        }
        Err(error)
    }

    /// Whether this is a connection to a server, whose words are in its own language.
    pub(super) fn is_postgres(&self) -> bool {
        matches!(self.any, AnyConnection::Postgres(_))
    }
}

/// Makes connections for the pool. `AnyConnection::establish` is not used: it swallows errors, and makes a file out of a
/// mistyped URL.
pub(super) struct Manager {
    pub(super) url: DatabaseUrl,
    pub(super) purpose: Purpose,
}

/// What connections are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Queries. On SQLite they cannot write.
    Read,
    /// Queries that are always the same, and go by key alone.
    LookUp,
    /// Transactions.
    Write,
    /// The schema: changes to it take as long as they take.
    Migrate,
}

/// Why there is no connection, in words without a password: the pool hands them to whoever waits, and to its logger.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct ConnectFault(String);

impl Manager {
    fn fault(&self, error: &dyn std::error::Error) -> ConnectFault {
        ConnectFault(self.url.redact(&error.to_string()))
    }

    /// PostgreSQL's limits for this session, but for those that the URL names. They are set by statements, since poolers
    /// between us and the server refuse `options`.
    fn limits(&self) -> String {
        let ours = LIMITS.iter().filter(|(name, _)| !self.url.names(name));
        // Nought is none.
        let limit = |limit: &Duration| if self.purpose == Purpose::Migrate { 0 } else { limit.as_millis() };
        let limits = ours.map(|(name, time)| format!("SET {name} = {};", limit(time))).collect::<Vec<_>>().concat();
        if self.purpose == Purpose::LookUp { limits + BY_KEY } else { limits }
    }
}

/// PostgreSQL: how long a statement waits for a lock.
const LOCK: Duration = Duration::from_secs(5);
const LIMITS: [(&str, Duration); 3] = [
    ("lock_timeout", LOCK),
    ("statement_timeout", Duration::from_secs(8)),
    ("idle_in_transaction_session_timeout", Duration::from_secs(30)),
];
/// PostgreSQL: a look-up is planned once, and goes by the indexes. Left to itself the server plans `= ANY($1)` anew each time, which
/// costs three times what the look itself does; and a plan that was made while the tables were small would read them whole.
const BY_KEY: &str = "SET plan_cache_mode = force_generic_plan; \
                      SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;";
/// PostgreSQL: how soon a server that has vanished without a word is noticed. The last one is in milliseconds.
const PARAMETERS: [(&str, &str); 5] = [
    ("connect_timeout", "3"),
    ("keepalives_idle", "30"),
    ("keepalives_interval", "10"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "20000"),
];

/// A write that waits longer for SQLite's lock than this has met somebody's tool in the file. Other writes wait behind it.
const BUSY: Duration = Duration::from_secs(2);

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = ConnectFault;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        let any = match self.url.dialect() {
            Dialect::Postgres => {
                let url = self.url.with_parameters(&PARAMETERS);
                let mut connection = PgConnection::establish(url.expose_secret()).map_err(|error| self.fault(&error))?;
                connection.batch_execute(&self.limits()).map_err(|error| self.fault(&error))?;
                AnyConnection::Postgres(connection)
            }
            Dialect::Sqlite => {
                let mut connection = SqliteConnection::establish(self.url.expose()).map_err(|error| self.fault(&error))?;
                let reads = matches!(self.purpose, Purpose::Read | Purpose::LookUp);
                let query_only = if reads { "PRAGMA query_only = ON;" } else { "" };
                connection
                    .batch_execute(&format!(
                        "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                         PRAGMA foreign_keys = ON; {query_only}",
                        BUSY.as_millis()
                    ))
                    .map_err(|error| self.fault(&error))?;
                AnyConnection::Sqlite(connection)
            }
        };
        Ok(Pooled { any, broken: false, answered_at: Instant::now() })
    }

    fn is_valid(&self, connection: &mut Pooled) -> Result<(), Self::Error> {
        let any = &mut connection.any;
        each!(any, c => R2D2Connection::ping(c)).map_err(|error| self.fault(&error))
    }

    /// A panic may have left a transaction open, and the next one to be lent the connection would write into it.
    fn has_broken(&self, connection: &mut Pooled) -> bool {
        let any = &mut connection.any;
        connection.broken || std::thread::panicking() || each!(any, c => R2D2Connection::is_broken(c))
    }
}
