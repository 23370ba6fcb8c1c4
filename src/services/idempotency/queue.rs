//! The queue of keys that are taken.

use std::io;

use crate::db::{
    Db, DbFault,
    idempotency::{self, KeyClaim, KeyState},
    pool::group_commit::GroupCommit,
};

/// Takes the keys of requests that arrive together in one transaction.
pub type Queue = GroupCommit<KeyClaim, KeyState, DbFault>;

/// Starts the queue; up to `most` of them share a commit.
///
/// # Errors
/// When no thread can be started.
pub fn queue(db: &Db, most: usize) -> io::Result<Queue> {
    GroupCommit::writing(db, "keys", most, idempotency::take_many)
}
