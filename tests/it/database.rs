//! The database: both schemas, shared commits, lost connections, failover, poolers, copies, upgrades.

mod commit_lost;
mod connection_cut;
mod constraints;
mod durability;
mod failover;
mod group_commit;
mod locked;
mod panic;
pub mod parity;
mod planner_settings;
mod poolers;
mod query_plans;
mod restored_copy;
mod seeded;
mod sequential_scans;
mod shard_key;
mod unavailable;
mod upgrade;
