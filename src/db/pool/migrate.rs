//! The migrations, embedded in the binary and run at start.

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    any_connection::AnyConnection,
    open_error::OpenError,
    pooled_connection::Pooled,
    transaction::{begin, finish},
};
use crate::db::error::DbFault;

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// The key of the advisory lock for migrations, so that two processes that start together do not both run
/// them. Any constant of our own.
const ADVISORY_LOCK: i64 = 0x696E_7669_7465;

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> OpenError {
    OpenError::Migration(error.to_string())
}

/// Runs the pending migrations, and returns their number.
pub(in crate::db) fn run(connection: &mut Pooled) -> Result<usize, OpenError> {
    if let AnyConnection::Sqlite(c) = &mut connection.any {
        return c.run_pending_migrations(SQLITE).map(|done| done.len()).map_err(failed);
    }
    let mut done = 0;
    loop {
        begin(&mut connection.any, connection.local.as_deref())?;
        let outcome = run_next(&mut connection.any);
        match finish(&mut connection.any, outcome)? {
            Migrated::One => done += 1,
            Migrated::NonePending => return Ok(done),
        }
    }
}

/// What [`run_next`] did.
enum Migrated {
    /// It ran a migration.
    One,
    /// No migration was pending.
    NonePending,
}

/// Runs the first pending migration.
fn run_next(connection: &mut AnyConnection) -> Result<Migrated, OpenError> {
    let AnyConnection::Postgres(c) = connection else { return Ok(Migrated::NonePending) };
    // Released when the transaction ends. A session lock would stay with the pooler's connection.
    c.batch_execute(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).map_err(DbFault::from)?;
    let pending = c.pending_migrations(POSTGRES).map_err(failed)?;
    let Some(next) = pending.first() else { return Ok(Migrated::NonePending) };
    c.run_migration(next).map_err(failed)?;
    Ok(Migrated::One)
}

/// Whether no migration is pending.
pub(in crate::db) fn is_complete(connection: &mut AnyConnection) -> Result<bool, DbFault> {
    let pending = match connection {
        AnyConnection::Postgres(c) => c.has_pending_migration(POSTGRES),
        AnyConnection::Sqlite(c) => c.has_pending_migration(SQLITE),
    };
    pending.map(|pending| !pending).map_err(|error| match error.downcast::<diesel::result::Error>() {
        // A cut connection must stay [`DbFault::Disconnected`], so that another connection is tried.
        Ok(error) => DbFault::from(*error),
        Err(other) => DbFault::unavailable(other.to_string()),
    })
}
