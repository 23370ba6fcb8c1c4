//! Why a database could not be opened.

use std::path::PathBuf;

use super::pooler_fault::PoolerFault;
use crate::db::error::{AsFault, DbFault};

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the SQLite file.
    #[error(
        "{} is in use by another process. With SQLite one process owns the file; use PostgreSQL to run \
        several",
        .0.display()
    )]
    Owned(PathBuf),
    /// The folder or the lock file cannot be created.
    #[error("cannot use {}: {}", .0.display(), .1)]
    Folder(PathBuf, #[source] std::io::Error),
    /// The connection pooler is unsuitable.
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
