//! Empties SQLite's write-ahead log.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Integer};

use super::{any_connection::AnyConnection, pooled_connection::Pooled};
use crate::db::error::DbFault;

/// The answer of the checkpoint: 1 when a reader or a writer kept it from finishing.
#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

/// Writes the log back into the database file, and truncates it (<https://www.sqlite.org/pragma.html>,
/// `wal_checkpoint`). Waits for readers as long as a write waits for a lock.
pub(in crate::db) fn run(connection: &mut Pooled) -> Result<(), DbFault> {
    let AnyConnection::Sqlite(c) = &mut connection.any else { return Ok(()) };
    let Checkpoint { busy } = sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(c)?;
    if busy == 0 { Ok(()) } else { Err(DbFault::unavailable("the write-ahead log is in use")) }
}
