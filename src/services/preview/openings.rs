//! The queue of openings of links.

use std::{io, time::Duration};

use crate::{
    db::{
        Db, DbFault,
        invitations::{openings, timeline},
        pool::group_commit::GroupCommit,
        users, webhooks,
    },
    domain::{event::Event, ids::InvitationId},
};

/// The queue of openings; they share commits. The result is whether it is the first one of its invitation.
pub type Queue = GroupCommit<Event, bool, DbFault>;

/// Starts the queue; up to `most` openings share a commit. One thread writes, so that openings collect while
/// it commits, and so that of a process's openings of an invitation one is the first. Where two processes
/// record the first ones at the same moment, both results are true.
///
/// # Errors
/// When the system cannot start a thread.
pub fn queue(db: &Db, most: usize) -> io::Result<Queue> {
    GroupCommit::gathering(db, "openings", (most, Duration::ZERO), |tx, new: &[Event]| {
        for (item, opening) in new.iter().enumerate() {
            tx.trace(item, opening.invitation_id);
        }
        let ids: Vec<InvitationId> = new.iter().map(|opening| opening.invitation_id).collect();
        if let Some(now) = new.iter().map(|opening| opening.at).max()
            && webhooks::takes_openings(tx.reading(), now)?
        {
            // An erasure at the same moment waits, or is seen: partners learn of nothing after it.
            users::lock_invited(tx, &ids)?;
        }
        let mut opened = openings::opened(tx.reading(), &ids)?;
        timeline::insert(tx, new)?;
        Ok(ids.into_iter().map(|id| opened.insert(id)).collect())
    })
}
