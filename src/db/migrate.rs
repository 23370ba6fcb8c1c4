//! The schema, embedded in the binary and brought up to date at start.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{connection::AnyConnection, fault::DbFault};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Taken while migrating, so that two processes that start together do not both try. Any number of our own will do.
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
    /// The database does not answer.
    #[error(transparent)]
    Fault(#[from] DbFault),
    /// A migration failed; it was rolled back.
    #[error("a migration failed: {0}")]
    Migration(String),
}

/// Runs the migrations that are missing, and says how many.
pub(super) fn run(connection: &mut AnyConnection) -> Result<usize, OpenError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| OpenError::Migration(error.to_string());
    match connection {
        AnyConnection::Postgres(c) => {
            let locked = c.batch_execute(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK})"));
            locked.map_err(DbFault::from)?;
            let outcome = c.run_pending_migrations(POSTGRES).map(|done| done.len()).map_err(failed);
            c.batch_execute(&format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})")).map_err(DbFault::from)?;
            outcome
        }
        AnyConnection::Sqlite(c) => c.run_pending_migrations(SQLITE).map(|done| done.len()).map_err(failed),
    }
}

/// Whether none is missing.
pub(super) fn is_complete(connection: &mut AnyConnection) -> Result<bool, DbFault> {
    let pending = match connection {
        AnyConnection::Postgres(c) => c.has_pending_migration(POSTGRES),
        AnyConnection::Sqlite(c) => c.has_pending_migration(SQLITE),
    };
    pending.map(|pending| !pending).map_err(|error| DbFault::unavailable(error.to_string()))
}
