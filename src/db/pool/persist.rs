//! A write: a transaction that is begun anew until it is decided.

use super::{
    pooled_connection::Pooled,
    transaction::{begin, finish},
};
use crate::db::{AsFault, Tx, error::DbFault};

/// How often a write is begun anew when the database gave it up in favour of another (deadlock, serialization
/// failure), or when somebody it was to lock had been removed, or had lost an invitation to somebody else, by
/// whoever it waited for. Each time another one has got through.
const WRITE_TRIES: usize = 16;

/// Tries a transaction until it is decided.
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
