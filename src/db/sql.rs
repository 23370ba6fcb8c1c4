//! SQL that both databases need and diesel lacks.

#[macro_use]
mod each;
#[macro_use]
pub(super) mod bulk_insert;
pub(super) mod by_database;
pub(super) mod condition;
pub(super) mod id_set;
pub(super) mod like;
pub(super) mod page;
pub(super) mod partial_index;
pub(super) mod pieces;
pub(super) mod planner;
pub(super) mod timestamp;
pub(super) mod unnest;
