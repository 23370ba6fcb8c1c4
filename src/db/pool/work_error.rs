//! Why work on a pooled connection ended without a result.

use crate::db::error::DbFault;

/// The error of work that was given to a pool. [`From`] makes the first variant: the pool's own faults all
/// come before the work.
#[derive(Debug)]
pub(in crate::db) enum WorkError<E> {
    /// The work did not run: no connection was available.
    NotStarted(DbFault),
    /// The work ran and returned this, after its retries.
    Failed(E),
}

impl<E> From<DbFault> for WorkError<E> {
    fn from(fault: DbFault) -> Self {
        Self::NotStarted(fault)
    }
}

impl<E: From<DbFault>> WorkError<E> {
    /// The error for a caller to whom it makes no difference whether the work ran.
    pub(in crate::db) fn into_inner(self) -> E {
        match self {
            Self::NotStarted(fault) => E::from(fault),
            Self::Failed(error) => error,
        }
    }
}
