//! The queue of invites.

use std::io;

use super::{draft::Draft, outcome::Outcome, write::invite_many};
use crate::{
    clock::Clock,
    db::{Db, DbFault, pool::group_commit::GroupCommit},
    domain::{letter_quota::LetterLimits, suppression_keys::SuppressionKeys},
    services::idempotency::Ticket,
};

/// The queue of single invites, each with its idempotency key if any.
pub type Queue = GroupCommit<(Draft, Option<Ticket>), Outcome, DbFault>;

/// Starts the queue; up to `most` of them share a commit.
///
/// # Errors
/// When the system cannot start a thread.
pub fn queue(
    db: &Db,
    clock: &Clock,
    (limits, keys): (LetterLimits, &SuppressionKeys),
    most: usize,
) -> io::Result<Queue> {
    let (clock, keys) = (clock.clone(), keys.clone());
    GroupCommit::writing(db, "invites", most, move |tx, items: &[(Draft, Option<Ticket>)]| {
        for (item, (draft, _)) in items.iter().enumerate() {
            tx.trace(item, draft.invitation.id);
        }
        let drafts: Vec<&Draft> = items.iter().map(|(draft, _)| draft).collect();
        let outcomes = invite_many(&clock, (&limits, &keys), tx, &drafts)?;
        for ((_, ticket), outcome) in items.iter().zip(&outcomes) {
            if let (Some(ticket), Outcome::Invited(invitation, _)) = (ticket, outcome) {
                ticket.store(tx, invitation)?;
            }
        }
        Ok(outcomes)
    })
}
