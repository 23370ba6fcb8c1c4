//! Write transactions: begin and end.

use diesel::connection::{AnsiTransactionManager, TransactionManager};

use super::{any_connection::AnyConnection, trace_parents::TraceParents};
use crate::{
    db::error::{AsFault, DbFault},
    domain::{audit::AuditEvent, ids::InvitationId},
};

/// An open transaction for writing.
pub struct Tx<'a> {
    connection: &'a mut AnyConnection,
    /// The audit events that it has inserted, which are logged after its commit.
    audited: Vec<AuditEvent>,
    trace_parents: TraceParents,
}

impl<'a> Tx<'a> {
    /// The transaction that has begun on this connection.
    pub(super) fn begun(connection: &'a mut AnyConnection) -> Self {
        Self { connection, audited: Vec::new(), trace_parents: TraceParents::default() }
    }

    /// The audit events that were inserted.
    pub(super) fn into_audited(self) -> Vec<AuditEvent> {
        self.audited
    }

    /// Keeps inserted audit events for the log.
    pub(in crate::db) fn note_audited(&mut self, inserted: &[AuditEvent]) {
        self.audited.extend_from_slice(inserted);
    }

    /// The connection, for reads inside the transaction.
    pub fn reading(&mut self) -> &mut AnyConnection {
        self.connection
    }

    /// The connection, for writes.
    pub(in crate::db) fn writing(&mut self) -> &mut AnyConnection {
        self.connection
    }

    /// Says for which spans the transaction works.
    pub(in crate::db) fn set_trace_parents(&mut self, parents: TraceParents) {
        self.trace_parents = parents;
    }

    /// The spans for which the transaction works.
    pub(in crate::db) fn trace_parents(&self) -> &TraceParents {
        &self.trace_parents
    }

    /// Says that the item at this place of a shared transaction is about this invitation: what is written of
    /// it belongs to the span of the item's caller.
    pub fn trace(&mut self, item: usize, invitation: InvitationId) {
        self.trace_parents.assign(item, invitation);
    }
}

/// `BEGIN IMMEDIATE` on SQLite: a deferred transaction that turns into a write midway fails with "database is
/// locked". See findings/sqlite-deferred-upgrade.sh.
pub(in crate::db) fn begin(connection: &mut AnyConnection, local: Option<&str>) -> Result<(), DbFault> {
    match connection {
        AnyConnection::Postgres(c) => {
            AnsiTransactionManager::begin_transaction_sql(c, &["BEGIN", local.unwrap_or_default()].concat())?;
        }
        AnyConnection::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")?,
    }
    Ok(())
}

/// Commits on success, and rolls back on an error.
pub(in crate::db) fn finish<T, E>(connection: &mut AnyConnection, outcome: Result<T, E>) -> Result<T, E>
where
    E: From<DbFault> + AsFault,
{
    match outcome {
        Ok(value) => {
            each!(connection, c => AnsiTransactionManager::commit_transaction(c))
                .map_err(|error| E::from(undecided(error)))?;
            Ok(value)
        }
        Err(error) => match each!(connection, c => AnsiTransactionManager::rollback_transaction(c)) {
            Err(_) if matches!(error.as_fault(), Some(DbFault::Disconnected(_))) => Err(error),
            Ok(()) => Err(error),
            // Nothing was committed. Diesel no longer knows the state of this connection, so it must not be
            // used again.
            Err(undone) => Err(E::from(DbFault::Disconnected(undone.to_string()))),
        },
    }
}

/// The error of a COMMIT: either a known refusal, or the outcome is unknown and the work must not be retried.
fn undecided(error: diesel::result::Error) -> DbFault {
    match DbFault::from(error) {
        known @ (DbFault::TryAgain | DbFault::Conflict(_)) => known,
        unknown => DbFault::InDoubt(unknown.to_string()),
    }
}
