//! Withdraws letters whose link became invalid or was used.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::state::LetterState;
use crate::db::{Tx, error::DbFault, schema::letters, sql::timestamp::At};
use crate::domain::{ids::InvitationId, letter::LetterPurpose};

/// Withdraws the unsent letters of an invitation whose link became invalid.
pub fn withdraw(tx: &mut Tx<'_>, invitation: InvitationId) -> Result<(), DbFault> {
    withdraw_all(tx, &[invitation])
}

/// Withdraws the unsent letters of several invitations.
pub fn withdraw_all(tx: &mut Tx<'_>, invitations: &[InvitationId]) -> Result<(), DbFault> {
    let ids: Vec<&str> = invitations.iter().map(InvitationId::as_str).collect();
    diesel::update(letters::table)
        .filter(letters::invitation_id.eq_any(ids).assume_not_null())
        .filter(letters::state.eq(LetterState::Queued.as_str()))
        .set(letters::state.eq(LetterState::Withdrawn.as_str()))
        .execute(tx.writing())?;
    Ok(())
}

/// What became of the letter whose link was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Settled {
    /// It was not recorded as sent, and is now.
    Sent,
    /// It was recorded before, or never tried.
    Unchanged,
}

/// Settles the letters of an invitation that was activated by the link of `generation`: a letter that was
/// tried has evidently arrived and becomes `sent`; the rest is withdrawn.
pub fn settle_activated(
    tx: &mut Tx<'_>,
    (invitation, generation): (InvitationId, i32),
    now: DateTime<Utc>,
) -> Result<Settled, DbFault> {
    let arrived = diesel::update(letters::table)
        .filter(letters::invitation_id.eq(invitation.as_str()).assume_not_null())
        .filter(letters::generation.eq(generation))
        .filter(letters::kind.eq(LetterPurpose::Invitation.as_str()))
        .filter(letters::state.eq(LetterState::Queued.as_str()).and(letters::attempts.ge(1)))
        .set((
            letters::state.eq(LetterState::Sent.as_str()),
            letters::sent_at.eq(At(now)),
            letters::leased_until.eq(None::<At>),
        ))
        .execute(tx.writing())?;
    withdraw(tx, invitation)?;
    Ok(if arrived == 1 { Settled::Sent } else { Settled::Unchanged })
}
