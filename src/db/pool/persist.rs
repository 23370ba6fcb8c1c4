//! Runs a write transaction, and retries it until it commits or fails finally.

use super::{
    audit_log,
    pooled_connection::Pooled,
    transaction::{Tx, begin, finish},
};
use crate::db::error::{AsFault, DbFault};

/// How often a write is tried when the database rolled it back in favour of another one (deadlock,
/// serialization failure), or when a transaction that it waited for removed a user that it was to lock, or
/// reassigned an invitation. Each time another transaction has made progress.
const WRITE_TRIES: usize = 16;

/// Tries a transaction until it commits or fails finally.
pub(in crate::db) fn persist<T, E>(
    connection: &mut Pooled,
    work: &impl Fn(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E>
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
            // It may be a deadlock with an unknown message. A defect fails again, and is then returned.
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
    let mut tx = Tx::begun(&mut connection.any);
    let outcome = work(&mut tx);
    let audited = tx.into_audited();
    let outcome = finish(&mut connection.any, outcome)?;
    audit_log::write(&audited);
    Ok(outcome)
}
