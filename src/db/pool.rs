//! Connections and transactions: creating, pooling, checking and sharing them.

pub(super) mod any_connection;
mod audit_log;
pub(super) mod bounded_pool;
pub(super) mod commit_check;
pub(super) mod database_url;
pub(super) mod disk;
pub mod group_commit;
pub(super) mod migrate;
pub(super) mod open_error;
pub(super) mod persist;
pub(super) mod pooled_connection;
pub(super) mod pooler_check;
pub(super) mod pooler_fault;
pub(super) mod purpose;
pub(super) mod server_check;
pub(super) mod session;
pub(super) mod trace_parents;
pub(super) mod transaction;
pub(super) mod truncate_log;
pub(super) mod work_error;
