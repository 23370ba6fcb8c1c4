//! What connections of a pool are for.

/// What connections are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db) enum Purpose {
    /// Queries. On SQLite they cannot write.
    Read,
    /// Queries that are always the same, and go by key alone.
    LookUp,
    /// Transactions.
    Write,
    /// The schema: changes to it take as long as they take.
    Migrate,
}
