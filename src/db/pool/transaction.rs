//! Transactions: how one begins and ends, and when it is begun anew.

use diesel::connection::{AnsiTransactionManager, TransactionManager};

use super::{any_connection::AnyConnection, pooled_connection::Pooled};
use crate::db::{AsFault, Tx, error::DbFault};

/// How often a write is begun anew when the database gave it up in favour of another (deadlock, serialization failure), or
/// when somebody it was to lock had been removed, or had lost an invitation to somebody else, by whoever it waited for. Each
/// time another one has got through.
const WRITE_TRIES: usize = 16;

/// Tries a transaction until it is decided.
pub(in crate::db) fn persist<T, E>(connection: &mut Pooled, work: &impl Fn(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
where
    E: From<DbFault> + AsFault,
{
    let mut tries = 0;
    loop {
        tries += 1;
        let began = std::time::Instant::now();
        let outcome = attempt(connection, work);
        let outcome = connection.classify_error(began, outcome);
        let again = match outcome.as_ref().err().and_then(AsFault::as_fault) {
            Some(DbFault::TryAgain) => tries < WRITE_TRIES,
            // A deadlock, perhaps, told in words that we do not know. A defect fails again, and is told then.
            Some(DbFault::Other(_)) => tries == 1 && connection.is_postgres(),
            _ => false,
        };
        if !again {
            return outcome;
        }
    }
}

fn attempt<T, E>(connection: &mut Pooled, work: impl Fn(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
where
    E: From<DbFault> + AsFault,
{
    begin(&mut connection.any, connection.local.as_deref())?;
    let outcome = work(&mut Tx(&mut connection.any));
    finish(&mut connection.any, outcome)
}

/// `BEGIN IMMEDIATE` on SQLite: a deferred transaction that turns into a write midway fails with "database is locked".
pub(in crate::db) fn begin(connection: &mut AnyConnection, local: Option<&str>) -> Result<(), DbFault> {
    match connection {
        AnyConnection::Postgres(c) => {
            AnsiTransactionManager::begin_transaction_sql(c, &["BEGIN", local.unwrap_or_default()].concat())?;
        }
        AnyConnection::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")?,
    }
    Ok(())
}

/// Commits what went well, and undoes the rest.
pub(in crate::db) fn finish<T, E>(connection: &mut AnyConnection, outcome: Result<T, E>) -> Result<T, E>
where
    E: From<DbFault> + AsFault,
{
    match outcome {
        Ok(value) => {
            each!(connection, c => AnsiTransactionManager::commit_transaction(c)).map_err(|error| E::from(undecided(error)))?;
            Ok(value)
        }
        Err(error) => match each!(connection, c => AnsiTransactionManager::rollback_transaction(c)) {
            Err(_) if matches!(error.as_fault(), Some(DbFault::Disconnected(_))) => Err(error),
            Ok(()) => Err(error),
            // Nothing was committed. Diesel no longer knows the state of this connection; it must not be lent out again.
            Err(undone) => Err(E::from(DbFault::Disconnected(undone.to_string()))),
        },
    }
}

/// A COMMIT is refused in words that are known, or else nobody knows what became of it: it is not to be done again.
fn undecided(error: diesel::result::Error) -> DbFault {
    match DbFault::from(error) {
        known @ (DbFault::TryAgain | DbFault::Conflict(_)) => known,
        unknown => DbFault::InDoubt(unknown.to_string()),
    }
}
