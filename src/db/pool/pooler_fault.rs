//! Why a connection pooler is unsuitable.

/// Why the service cannot work with this pooler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolerFault {
    /// It refuses transactions.
    #[error(
        "the pooler in front of the database has pool_mode = statement, which refuses transactions: set \
        pool_mode = session"
    )]
    StatementMode,
    /// Prepared statements are lost in the next transaction.
    #[error(
        "the pooler in front of the database has pool_mode = transaction and loses prepared statements: set \
        pool_mode = session, or, with PgBouncer 1.21 or later, max_prepared_statements above 0"
    )]
    NoPreparedStatements,
}
