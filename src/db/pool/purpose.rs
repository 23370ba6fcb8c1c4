//! The purposes of connection pools.

/// The purpose of a connection pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db) enum Purpose {
    /// Queries. On SQLite they cannot write.
    Read,
    /// Queries with a constant text, by key only.
    LookUp,
    /// Transactions.
    Write,
    /// Migrations, without timeouts.
    Migrate,
}
