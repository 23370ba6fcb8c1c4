//! Detects a pooler in front of PostgreSQL that breaks prepared statements.
//!
//! PgBouncer's transaction mode gives each transaction any free server connection. A statement that was
//! prepared on one is unknown on the next, unless the pooler prepares it there, too (from 1.21 on,
//! `max_prepared_statements`). The error may show up only later, so two connections that share a server are
//! tested before the service starts.

use std::sync::Arc;

use diesel::{
    IntoSql, PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, dsl::select,
    sql_query, sql_types::Integer,
};
use tokio::sync::watch;

use super::{pooler_fault::PoolerFault, session::in_transaction};
use crate::db::error::DbFault;

/// Whether the database is usable through its pooler. Clones share it.
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

    /// Fails while the pooler is unsuitable: a query might break this transaction or the next one.
    pub(in crate::db) fn check(&self) -> Result<(), DbFault> {
        self.fault().map_or(Ok(()), |fault| Err(DbFault::unavailable(fault.to_string())))
    }

    /// Waits until the pooler is suitable.
    pub(in crate::db) async fn wait(&self) {
        // The sender is `self`, so the channel cannot close meanwhile.
        let _ = self.0.subscribe().wait_for(Option::is_none).await;
    }
}

/// The order in which the two connections are queried: each follows itself and the other one.
const ORDER: [usize; 8] = [0, 0, 1, 0, 1, 1, 0, 1];

/// Tests whether prepared statements survive, with two new connections.
///
/// # Errors
/// [`DbFault`] when the database is unreachable.
pub(in crate::db) fn examine(
    mut connections: [&mut PgConnection; 2],
) -> Result<Option<PoolerFault>, DbFault> {
    if have_own_servers(&mut connections)? {
        return Ok(None);
    }
    for which in ORDER {
        let Some(connection) = connections.get_mut(which) else { continue };
        match prepared(connection) {
            Ok(()) => {}
            Err(DbFault::Other(words)) => {
                tracing::debug!(words, "a prepared statement was lost");
                deallocate(&mut connections);
                return Ok(Some(PoolerFault::NoPreparedStatements));
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(None)
}

/// Whether each connection has a server process to itself.
fn have_own_servers(connections: &mut [&mut PgConnection; 2]) -> Result<bool, DbFault> {
    let mut seen: [Vec<i32>; 2] = [Vec::new(), Vec::new()];
    for which in ORDER {
        let Some((connection, seen)) = connections.get_mut(which).zip(seen.get_mut(which)) else { continue };
        seen.push(server_of(connection)?);
    }
    let [first, second] = &seen;
    let own = first.iter().all(|pid| Some(pid) == first.first() && !second.contains(pid));
    Ok(own && second.iter().all(|pid| Some(pid) == second.first()))
}

/// Only one of the server connections has this statement; the error on the other one is expected.
fn deallocate(connections: &mut [&mut PgConnection; 2]) {
    for connection in connections {
        let _ = in_transaction(connection, |connection| {
            connection.batch_execute("DEALLOCATE \"__diesel_stmt_0\"")
        });
    }
}

/// The id of the server process of this transaction.
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

/// Runs a statement that the connection keeps prepared from one transaction to the next. Diesel gives the
/// first one of each connection the same name.
fn prepared(connection: &mut PgConnection) -> Result<(), DbFault> {
    let statement = select(1.into_sql::<Integer>());
    in_transaction(connection, |connection| statement.get_result::<i32>(connection))?;
    Ok(())
}

/// Whether a connection that accepts statements is closed by a transaction, as by PgBouncer in statement
/// mode.
pub(in crate::db) fn refuses_transactions(connection: &mut PgConnection) -> bool {
    connection.batch_execute("SELECT 1").is_ok() && connection.batch_execute("BEGIN").is_err()
}
