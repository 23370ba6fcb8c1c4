//! The schema, embedded in the binary and brought up to date at start.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    any_connection::AnyConnection,
    pooled_connection::Pooled,
    pooler_check::PoolerFault,
    transaction::{begin, finish},
};
use crate::db::{AsFault, error::DbFault};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Taken while migrating, so that two processes that start together do not both try. Any number of our own
/// will do.
const ADVISORY_LOCK: i64 = 0x696E_7669_7465;

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the SQLite file.
    #[error(
        "{} is in use by another process. With SQLite one process owns the file; use PostgreSQL to run several",
        .0.display()
    )]
    Owned(PathBuf),
    /// The folder or the lock file cannot be made.
    #[error("cannot use {}: {}", .0.display(), .1)]
    Folder(PathBuf, #[source] std::io::Error),
    /// What stands between us and the server breaks what we do.
    #[error(transparent)]
    Pooler(#[from] PoolerFault),
    /// The database does not answer.
    #[error(transparent)]
    Fault(#[from] DbFault),
    /// A migration failed; it was rolled back.
    #[error("a migration failed: {0}")]
    Migration(String),
}

impl AsFault for OpenError {
    fn as_fault(&self) -> Option<&DbFault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> OpenError {
    OpenError::Migration(error.to_string())
}

/// Runs the migrations that are missing, and says how many.
pub(in crate::db) fn run(connection: &mut Pooled) -> Result<usize, OpenError> {
    if let AnyConnection::Sqlite(c) = &mut connection.any {
        return c.run_pending_migrations(SQLITE).map(|done| done.len()).map_err(failed);
    }
    let mut done = 0;
    loop {
        begin(&mut connection.any, connection.local.as_deref())?;
        let outcome = run_next(&mut connection.any);
        if !finish(&mut connection.any, outcome)? {
            return Ok(done);
        }
        done += 1;
    }
}

/// Runs the first of those that are missing, and says whether there was one.
fn run_next(connection: &mut AnyConnection) -> Result<bool, OpenError> {
    let AnyConnection::Postgres(c) = connection else { return Ok(false) };
    // Until the transaction ends: a lock of the session would stay with a pooler's connection.
    c.batch_execute(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).map_err(DbFault::from)?;
    let pending = c.pending_migrations(POSTGRES).map_err(failed)?;
    let Some(next) = pending.first() else { return Ok(false) };
    c.run_migration(next).map_err(failed)?;
    Ok(true)
}

/// Whether none is missing.
pub(in crate::db) fn is_complete(connection: &mut AnyConnection) -> Result<bool, DbFault> {
    let pending = match connection {
        AnyConnection::Postgres(c) => c.has_pending_migration(POSTGRES),
        AnyConnection::Sqlite(c) => c.has_pending_migration(SQLITE),
    };
    pending.map(|pending| !pending).map_err(|error| match error.downcast::<diesel::result::Error>() {
        // A connection that was cut stays one, so that another one is asked.
        Ok(error) => DbFault::from(*error),
        Err(other) => DbFault::unavailable(other.to_string()),
    })
}
