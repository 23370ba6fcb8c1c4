//! The queue of audit events.

use std::io;

use crate::{
    db::{Db, DbFault, audit, pool::group_commit::GroupCommit},
    domain::audit::AuditEvent,
};

/// The queue of events that belong to no other transaction; they share commits.
pub type Queue = GroupCommit<AuditEvent, (), DbFault>;

/// Starts the queue; up to `most` of them share a commit.
///
/// # Errors
/// When the system cannot start a thread.
pub fn queue(db: &Db, most: usize) -> io::Result<Queue> {
    GroupCommit::writing(db, "audit", most, |tx, events: &[AuditEvent]| {
        audit::insert(tx, events)?;
        Ok(vec![(); events.len()])
    })
}
