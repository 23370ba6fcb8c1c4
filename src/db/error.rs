//! What can go wrong in the database, said once for both: the only reader of `diesel::result::Error`.

use diesel::result::{DatabaseErrorKind, Error};

/// A failed query.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DbFault {
    /// The database is away or too busy; the same request may do better in a moment.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The connection was cut, or its server takes no writes any more, before anything was committed: on
    /// another connection the same may be done at once.
    #[error("the connection to the database was lost: {0}")]
    Disconnected(String),
    /// The database did not answer a COMMIT, or nothing at all within the time that is given to it: whether
    /// it happened is not known.
    #[error("whether it happened is not known: {0}")]
    InDoubt(String),
    /// The database gave this transaction up in favour of another one; it may be begun anew.
    #[error("the transaction lost against another one")]
    TryAgain,
    /// A unique rule of the schema was broken. People are locked and decided about before anything is
    /// written, so that this is a defect of ours; the text names the rule.
    #[error("the write breaks a rule: {0}")]
    Conflict(String),
    /// A row holds what no code of ours writes.
    #[error("{table} {row} holds an unreadable {column}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id.
        row: String,
    },
    /// Anything else: a defect of ours.
    #[error("the database refused a query: {0}")]
    Other(String),
}

impl DbFault {
    /// Whether the same request may do better in a moment.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Disconnected(_) | Self::InDoubt(_) | Self::TryAgain)
    }

    /// The database is away, for this reason.
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
            // Read-only: a server that was made a standby while we were connected.
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

/// Diesel passes on no SQLSTATE (findings/diesel-deadlock-is-unknown.sh): what has no kind of its own is told
/// by its words, which SQLite and a PostgreSQL server with English messages keep stable. With other messages
/// it is `Other`, and `Pooled::classify_error` and `Db::write` weigh what it may be.
fn by_message(message: &str) -> DbFault {
    const LOST: [&str; 2] = ["deadlock detected", "could not serialize access"];
    const CUT: [&str; 12] = [
        "server closed the connection",
        "terminating connection",
        "no connection to the server",
        "could not receive data from server",
        "could not send data to server",
        "SSL connection has been closed",
        "SSL SYSCALL error",
        // PgBouncer, when the server behind it has gone.
        "server conn crashed",
        "server closed connection",
        "server login has been failing",
        // A server that was made a standby, where the statement itself is refused.
        "during recovery",
        "recovery is in progress",
    ];
    const AWAY: [&str; 6] = [
        "canceling statement due to",
        "connection to server",
        "the database system is",
        "too many clients",
        "query_wait_timeout",
        "database is locked",
    ];
    const FULL: [&str; 3] = ["disk is full", "disk I/O error", "No space left on device"];
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&LOST) {
        DbFault::TryAgain
    } else if says(&CUT) {
        DbFault::Disconnected(message.to_owned())
    } else if says(&AWAY) || says(&FULL) {
        DbFault::Unavailable(message.to_owned())
    } else {
        DbFault::Other(message.to_owned())
    }
}
