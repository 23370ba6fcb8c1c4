//! Poolers that stand between us and PostgreSQL: whether ours is one that breaks prepared statements.
//!
//! PgBouncer's transaction mode gives each transaction whichever server connection is free. A statement that
//! was prepared on one is unknown on the next, unless the pooler prepares it there too (from 1.21 on,
//! `max_prepared_statements`). It may go well for a while, so that this is found out before anything is
//! begun: by two connections that share a server.

use std::sync::Arc;

use diesel::{
    IntoSql, PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, dsl::select,
    sql_query, sql_types::Integer,
};
use tokio::sync::watch;

use super::session::in_transaction;
use crate::db::error::DbFault;

/// Why the service cannot work through this pooler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolerFault {
    /// Transactions are refused.
    #[error(
        "the pooler before the database pools statements, and takes no transactions: it needs pool_mode = session"
    )]
    StatementMode,
    /// What was prepared is not there in the next transaction.
    #[error(
        "the pooler before the database pools transactions and keeps no prepared statements: it needs pool_mode = session, or, \
         with PgBouncer 1.21 or later, max_prepared_statements above 0"
    )]
    NoPreparedStatements,
}

/// Whether the database can be worked with through what stands before it. Clones share it.
#[derive(Clone)]
pub(in crate::db) struct Suitability(Arc<watch::Sender<Option<PoolerFault>>>);

impl Suitability {
    pub(in crate::db) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    pub(in crate::db) fn set(&self, fault: Option<PoolerFault>) {
        self.0.send_replace(fault);
    }

    pub(in crate::db) fn fault(&self) -> Option<PoolerFault> {
        *self.0.borrow()
    }

    /// Nothing is tried through a pooler that would break it, now or in the next transaction.
    pub(in crate::db) fn check(&self) -> Result<(), DbFault> {
        self.fault().map_or(Ok(()), |fault| Err(DbFault::unavailable(fault.to_string())))
    }

    /// Waits until it can be worked with.
    pub(in crate::db) async fn wait(&self) {
        // The sender is ours, and lives as long as this.
        let _ = self.0.subscribe().wait_for(Option::is_none).await;
    }
}

/// In which order the two connections are asked: each after itself and after the other one.
const ORDER: [usize; 8] = [0, 0, 1, 0, 1, 1, 0, 1];

/// Looks whether prepared statements last, by two fresh connections.
///
/// # Errors
/// [`DbFault`] when the database is away.
pub(in crate::db) fn examine(
    mut connections: [&mut PgConnection; 2],
) -> Result<Option<PoolerFault>, DbFault> {
    let mut seen: [Vec<i32>; 2] = [Vec::new(), Vec::new()];
    for which in ORDER {
        let Some((connection, seen)) = connections.get_mut(which).zip(seen.get_mut(which)) else { continue };
        match server_of(connection) {
            Ok(pid) => seen.push(pid),
            Err(fault) => return Err(fault),
        }
    }
    // Of its own for as long as it lives: each client has a server process to itself.
    let [first, second] = &seen;
    let own = first.iter().all(|pid| Some(pid) == first.first() && !second.contains(pid));
    if own && second.iter().all(|pid| Some(pid) == second.first()) {
        return Ok(None);
    }
    for which in ORDER {
        let Some(connection) = connections.get_mut(which) else { continue };
        match prepared(connection) {
            Ok(()) => {}
            Err(DbFault::Other(words)) => {
                tracing::debug!(words, "a prepared statement did not last");
                for connection in &mut connections {
                    // Whichever of them has left it behind; the other one knows of none.
                    let _ = in_transaction(connection, |connection| {
                        connection.batch_execute("DEALLOCATE \"__diesel_stmt_0\"")
                    });
                }
                return Ok(Some(PoolerFault::NoPreparedStatements));
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(None)
}

/// The process that serves this transaction.
fn server_of(connection: &mut PgConnection) -> Result<i32, DbFault> {
    #[derive(QueryableByName)]
    struct Server {
        #[diesel(sql_type = Integer)]
        pid: i32,
    }
    let server = |connection: &mut PgConnection| {
        sql_query("SELECT pg_backend_pid() AS pid").get_result::<Server>(connection)
    };
    Ok(in_transaction(connection, server)?.pid)
}

/// Runs a statement that the connection keeps prepared from one transaction to the next. Each connection
/// gives its first one the same name.
fn prepared(connection: &mut PgConnection) -> Result<(), DbFault> {
    let statement = select(1.into_sql::<Integer>());
    in_transaction(connection, |connection| statement.get_result::<i32>(connection))?;
    Ok(())
}

/// Whether a connection that takes statements is closed by a transaction, as PgBouncer does where it pools
/// statements.
pub(in crate::db) fn refuses_transactions(connection: &mut PgConnection) -> bool {
    connection.batch_execute("SELECT 1").is_ok() && connection.batch_execute("BEGIN").is_err()
}
