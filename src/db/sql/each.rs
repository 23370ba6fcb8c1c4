//! One expression for both databases.

/// Expands one diesel expression for both databases: what `MultiConnection` lacks (multi-row inserts, `ON
/// CONFLICT`) compiles on each of its connections.
macro_rules! each {
    ($conn:expr, $c:ident => $e:expr) => {
        match $conn {
            $crate::db::pool::any_connection::AnyConnection::Postgres($c) => $e,
            $crate::db::pool::any_connection::AnyConnection::Sqlite($c) => $e,
        }
    };
}
