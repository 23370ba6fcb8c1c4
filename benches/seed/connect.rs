//! A connection for writing many rows.

use diesel::{
    Connection, ConnectionError, PgConnection, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection, sql_query, sql_types::BigInt,
};
use invitation_service::db::AnyConnection;

/// Without waiting for the disk at each commit: after a power cut one seeds again. Indexes are made in
/// memory.
const POSTGRES: &str = "SET synchronous_commit = off; SET maintenance_work_mem = '512MB'";
/// The same for SQLite. They end with the connection. The cache, in KiB, is for indexes whose keys are in
/// no order.
const SQLITE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; \
    PRAGMA cache_size = -524288";

/// Opens the database that a `DATABASE_URL` names.
pub fn open(url: &str) -> Result<AnyConnection, ConnectionError> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
    let mut connection = match path {
        Some(path) => AnyConnection::Sqlite(SqliteConnection::establish(path)?),
        None => AnyConnection::Postgres(PgConnection::establish(url)?),
    };
    let set = match &mut connection {
        AnyConnection::Postgres(c) => c.batch_execute(POSTGRES),
        AnyConnection::Sqlite(c) => c.batch_execute(SQLITE),
    };
    set.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Whether there are users, removed ones included.
pub fn has_people(connection: &mut AnyConnection) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        found: i64,
    }
    let query = sql_query("SELECT COUNT(*) AS found FROM (SELECT id FROM users LIMIT 1) AS one");
    let Found { found } = match connection {
        AnyConnection::Postgres(c) => query.get_result(c)?,
        AnyConnection::Sqlite(c) => query.get_result(c)?,
    };
    Ok(found > 0)
}

/// Does what autovacuum does on PostgreSQL within the next minutes: `VACUUM` and `ANALYZE`. SQLite has no
/// statistics, since the service collects none there; its log is emptied into the file.
pub fn finish(connection: &mut AnyConnection, tables: &[&str]) -> QueryResult<()> {
    match connection {
        AnyConnection::Postgres(c) => {
            tables.iter().try_for_each(|table| c.batch_execute(&format!("VACUUM (ANALYZE) {table}")))
        }
        AnyConnection::Sqlite(c) => c.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)"),
    }
}
