//! The settings of PostgreSQL sessions, and the check whether a session accepts writes.
//!
//! Settings are sent with the startup message (`options`): they become the session's defaults, cost no round
//! trip, and `RESET` restores them. PgBouncer refuses `options`, and shares a server's session between
//! clients. There each transaction sets them itself (`SET LOCAL`), so that they affect no other client of the
//! pool.

use std::time::Duration;

use diesel::{
    PgConnection, QueryableByName, RunQueryDsl,
    connection::{AnsiTransactionManager, TransactionManager},
    dsl::{select, sql},
    sql_query,
    sql_types::Bool,
};

use super::{any_connection::AnyConnection, database_url::DatabaseUrl, purpose::Purpose};
use crate::db::{
    error::DbFault,
    sql::planner::{AT_EACH_REQUEST, BY_INDEX},
};

/// How long a statement waits for a lock.
pub(in crate::db) const LOCK: Duration = Duration::from_secs(5);
const LIMITS: [(&str, Duration); 3] = [
    ("lock_timeout", LOCK),
    ("statement_timeout", Duration::from_secs(8)),
    ("idle_in_transaction_session_timeout", Duration::from_secs(30)),
];
/// An answer of 201 must survive a crash: a commit is on the disk before the answer, whatever the server's
/// default.
const DURABLE: (&str, &str) = ("synchronous_commit", "on");
/// Only servers that accept writes, and timeouts to detect a server that vanished. `tcp_user_timeout` is in
/// milliseconds.
pub(in crate::db) const PARAMETERS: [(&str, &str); 6] = [
    ("target_session_attrs", "read-write"),
    ("connect_timeout", "3"),
    ("keepalives_idle", "30"),
    ("keepalives_interval", "10"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "20000"),
];
/// A setting that shows whether `options` were applied: some poolers accept and drop them.
const MARK: &str = "invitation_service.session";

/// The settings of a session for a purpose, except those that the URL sets.
pub(in crate::db) struct Settings(Vec<(&'static str, String)>);

impl Settings {
    pub(in crate::db) fn new(url: &DatabaseUrl, purpose: Purpose) -> Self {
        // 0 means no timeout.
        let limit = |limit: Duration| if purpose == Purpose::Migrate { 0 } else { limit.as_millis() };
        let limits = LIMITS.map(|(name, time)| (name, limit(time).to_string()));
        let planner: &[_] = match purpose {
            Purpose::Read => &AT_EACH_REQUEST,
            Purpose::LookUp | Purpose::Write => &BY_INDEX,
            Purpose::Migrate => &[],
        };
        let texts =
            std::iter::once(&DURABLE).chain(planner).map(|(name, value)| (*name, (*value).to_owned()));
        Self(limits.into_iter().chain(texts).filter(|(name, _)| !url.names(name)).collect())
    }

    /// For the startup message.
    pub(in crate::db) fn options(&self) -> String {
        let mut options = format!("-c {MARK}=on");
        for (name, value) in &self.0 {
            options.extend([" -c ", name, "=", value]);
        }
        options
    }

    /// For the start of each transaction.
    pub(in crate::db) fn local(&self) -> String {
        let mut statements = String::new();
        for (name, value) in &self.0 {
            statements.extend(["; SET LOCAL ", name, " = '", value, "'"]);
        }
        statements
    }
}

/// The state of a new session.
#[derive(QueryableByName)]
pub(in crate::db) struct Session {
    /// Its server is a standby, or read-only for another reason.
    #[diesel(sql_type = Bool)]
    pub(in crate::db) read_only: bool,
    /// It has our settings.
    #[diesel(sql_type = Bool)]
    pub(in crate::db) is_set: bool,
}

impl Session {
    /// Reads the state, in a transaction: without one, a pooler may send the statements of one query to two
    /// servers.
    pub(in crate::db) fn of(connection: &mut PgConnection) -> diesel::QueryResult<Self> {
        let question = format!(
            "SELECT current_setting('transaction_read_only') = 'on' AS read_only, \
             coalesce(current_setting('{MARK}', true), '') = 'on' AS is_set"
        );
        AnsiTransactionManager::begin_transaction(connection)?;
        let answer = sql_query(&question).get_result(connection);
        AnsiTransactionManager::rollback_transaction(connection)?;
        answer
    }
}

/// Runs a transaction on a single connection, outside the pools.
pub(in crate::db) fn in_transaction<T>(
    connection: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> diesel::QueryResult<T>,
) -> diesel::QueryResult<T> {
    AnsiTransactionManager::begin_transaction(connection)?;
    match work(connection) {
        Ok(value) => AnsiTransactionManager::commit_transaction(connection).map(|()| value),
        Err(error) => {
            // The first error is returned.
            let _ = AnsiTransactionManager::rollback_transaction(connection);
            Err(error)
        }
    }
}

/// Checks that the server of a connection accepts writes: a row that is missing on a standby may well exist.
///
/// # Errors
/// [`DbFault::Disconnected`] when it is read-only.
pub(in crate::db) fn check_writable(connection: &mut AnyConnection) -> Result<(), DbFault> {
    let AnyConnection::Postgres(connection) = connection else { return Ok(()) };
    let writable = sql::<Bool>("current_setting('transaction_read_only') = 'off'");
    if select(writable).get_result::<bool>(connection)? {
        Ok(())
    } else {
        Err(DbFault::Disconnected("the server has become a standby, or takes no writes".to_owned()))
    }
}
