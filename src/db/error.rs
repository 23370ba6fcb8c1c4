//! Database errors, in one type for both databases: the only code that reads `diesel::result::Error`.

use diesel::result::{DatabaseErrorKind, Error};

/// A failed query.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DbFault {
    /// The database is unreachable or overloaded; a later retry may succeed.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The connection was cut, or its server became read-only, before a commit: the work can be retried at
    /// once on another connection.
    #[error("the connection to the database was lost: {0}")]
    Disconnected(String),
    /// The database did not answer a COMMIT, or anything within the timeout: whether the transaction
    /// committed is unknown.
    #[error("it is unknown whether the transaction committed: {0}")]
    InDoubt(String),
    /// The database rolled the transaction back in favour of another one; it can be retried.
    #[error("the transaction was rolled back in favour of another one")]
    TryAgain,
    /// A unique constraint was violated. People are locked and conflicts are checked before any write, so
    /// this is a defect; the text names the constraint.
    #[error("the write violates a constraint: {0}")]
    Conflict(String),
    /// A row has a value that this program does not write.
    #[error("{table} {row} has an invalid {column}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id.
        row: String,
    },
    /// Any other error: a defect.
    #[error("the database refused a query: {0}")]
    Other(String),
}

impl DbFault {
    /// Whether a later retry may succeed.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Disconnected(_) | Self::InDoubt(_) | Self::TryAgain)
    }

    /// The database is unavailable, for this reason.
    #[must_use]
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable(reason.into())
    }
}

impl From<Error> for DbFault {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, information) => {
                Self::Conflict(information.message().to_owned())
            }
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => Self::TryAgain,
            // ReadOnlyTransaction: the server became a standby while we were connected.
            Error::DatabaseError(
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ReadOnlyTransaction,
                information,
            ) => Self::Disconnected(information.message().to_owned()),
            Error::DatabaseError(_, information) => by_message(information.message()),
            Error::BrokenTransactionManager => Self::Disconnected("the connection broke".to_owned()),
            other => Self::Other(other.to_string()),
        }
    }
}

/// Diesel does not expose the SQLSTATE (findings/diesel-deadlock-is-unknown.sh). Errors without a kind are
/// recognised by their messages, which are stable in SQLite and in a PostgreSQL server with English messages.
/// With other messages the result is `Other`, and `Pooled::classify_error` and `Db::write` decide how to
/// treat it.
fn by_message(message: &str) -> DbFault {
    const SERIALIZATION: [&str; 2] = ["deadlock detected", "could not serialize access"];
    const DISCONNECTED: [&str; 12] = [
        "server closed the connection",
        "terminating connection",
        "no connection to the server",
        "could not receive data from server",
        "could not send data to server",
        "SSL connection has been closed",
        "SSL SYSCALL error",
        // PgBouncer, when its server is gone.
        "server conn crashed",
        "server closed connection",
        "server login has been failing",
        // A server that became a standby and refuses the statement itself.
        "during recovery",
        "recovery is in progress",
    ];
    const UNAVAILABLE: [&str; 6] = [
        "canceling statement due to",
        "connection to server",
        "the database system is",
        "too many clients",
        "query_wait_timeout",
        "database is locked",
    ];
    const DISK: [&str; 3] = ["disk is full", "disk I/O error", "No space left on device"];
    let has_any = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if has_any(&SERIALIZATION) {
        DbFault::TryAgain
    } else if has_any(&DISCONNECTED) {
        DbFault::Disconnected(message.to_owned())
    } else if has_any(&UNAVAILABLE) || has_any(&DISK) {
        DbFault::Unavailable(message.to_owned())
    } else {
        DbFault::Other(message.to_owned())
    }
}

/// An error that may contain a [`DbFault`], so that [`super::Db::write`] can distinguish a retryable conflict
/// from a refusal.
pub trait AsFault {
    /// The database fault inside, if there is one.
    fn as_fault(&self) -> Option<&DbFault>;
}

impl AsFault for DbFault {
    fn as_fault(&self) -> Option<&DbFault> {
        Some(self)
    }
}
