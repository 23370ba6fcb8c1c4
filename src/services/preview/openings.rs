//! The queue of openings of links.

use std::{io, time::Duration};

use crate::{
    db::{Db, DbFault, invitations::timeline, pool::group_commit::GroupCommit},
    domain::event::Event,
};

/// The queue of openings; they share commits.
pub type Queue = GroupCommit<Event, (), DbFault>;

/// Starts the queue; up to `most` openings share a commit. One thread writes, so that openings collect while
/// it commits.
///
/// # Errors
/// When the system cannot start a thread.
pub fn queue(db: &Db, most: usize) -> io::Result<Queue> {
    GroupCommit::gathering(db, "openings", (most, Duration::ZERO), |tx, openings: &[Event]| {
        timeline::insert(tx, openings)?;
        Ok(vec![(); openings.len()])
    })
}
