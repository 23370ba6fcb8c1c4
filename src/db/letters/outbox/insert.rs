//! Puts letters into the outbox.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::state::LetterState;
use crate::db::{Tx, error::DbFault, pool::trace_parents::TraceParents, schema::letters, sql::timestamp::At};
use crate::domain::{
    email::Email,
    ids::{InvitationId, LetterId},
    invitation::Invitation,
    letter::{LetterPurpose, LetterSubject},
};

/// A letter to put in.
#[derive(Debug, Clone)]
pub struct NewLetter {
    /// The id.
    pub id: LetterId,
    /// The invitation.
    pub invitation_id: InvitationId,
    /// The generation, from which the link is derived.
    pub generation: i32,
    /// The recipient.
    pub recipient: Email,
    /// The purpose of the letter.
    pub purpose: LetterPurpose,
    /// Queued, or only the record that the link was handed over to the inviter.
    pub state: LetterState,
    /// When it was put in; it is due at once.
    pub at: DateTime<Utc>,
}

impl NewLetter {
    /// The letter for the current generation of an invitation.
    #[must_use]
    pub fn of(id: LetterId, invitation: &Invitation, at: DateTime<Utc>) -> Self {
        Self {
            id,
            invitation_id: invitation.id,
            generation: invitation.generation,
            recipient: invitation.email.clone(),
            purpose: LetterPurpose::Invitation,
            state: LetterState::Queued,
            at,
        }
    }
}

rows! {
    pub(in crate::db) struct NewRow<'a> of letters {
        id: &'a str,
        invitation_id: &'a str,
        generation: i32,
        state: &'a str,
        attempts: i32,
        next_attempt_at: At,
        created_at: At,
        kind: &'a str,
        recipient: &'a str,
        trace_parent: Option<String>,
    }
    insert insert_missing
}

/// Puts letters in.
pub fn insert(tx: &mut Tx<'_>, new: &[NewLetter]) -> Result<(), DbFault> {
    let rows = rows(new, tx.trace_parents());
    NewRow::insert(tx.writing(), &rows)?;
    Ok(())
}

pub(in crate::db) fn rows<'a>(new: &'a [NewLetter], parents: &TraceParents) -> Vec<NewRow<'a>> {
    new.iter()
        .map(|letter| NewRow {
            id: letter.id.as_str(),
            invitation_id: letter.invitation_id.as_str(),
            generation: letter.generation,
            state: letter.state.as_str(),
            attempts: 0,
            next_attempt_at: At(letter.at),
            created_at: At(letter.at),
            kind: letter.purpose.as_str(),
            recipient: letter.recipient.as_str(),
            trace_parent: parents.of(letter.invitation_id),
        })
        .collect()
}

/// A letter to put in that is not about an invitation.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// The id.
    pub id: LetterId,
    /// What it is about.
    pub subject: LetterSubject,
    /// The recipient.
    pub recipient: Email,
    /// The purpose of the letter.
    pub purpose: LetterPurpose,
    /// When it was put in; it is due at once.
    pub at: DateTime<Utc>,
}

/// Puts in a letter that is not about an invitation.
pub fn insert_notice(tx: &mut Tx<'_>, new: &NewNotice) -> Result<(), DbFault> {
    let row = (
        letters::id.eq(new.id.as_str()),
        letters::subject.eq(new.subject.to_string()),
        letters::generation.eq(1),
        letters::state.eq(LetterState::Queued.as_str()),
        letters::attempts.eq(0),
        letters::next_attempt_at.eq(At(new.at)),
        letters::created_at.eq(At(new.at)),
        letters::kind.eq(new.purpose.as_str()),
        letters::recipient.eq(new.recipient.as_str()),
        letters::trace_parent.eq(tx.trace_parents().of_only_item()),
    );
    diesel::insert_into(letters::table).values(row).execute(tx.writing())?;
    Ok(())
}

/// Deletes the letters about these requests or users.
pub fn delete_notices(tx: &mut Tx<'_>, subjects: &[String]) -> Result<(), DbFault> {
    diesel::delete(letters::table.filter(letters::subject.eq_any(subjects).assume_not_null()))
        .execute(tx.writing())?;
    Ok(())
}

/// Puts in those letters that are not there yet: one letter for each sending and purpose. Returns the ids of
/// the new ones.
pub fn insert_missing(tx: &mut Tx<'_>, new: &[NewLetter]) -> Result<HashSet<LetterId>, DbFault> {
    let unreadable = |id: &str| DbFault::Corrupt { table: "letters", column: "id", row: id.to_owned() };
    let rows = rows(new, tx.trace_parents());
    let entered = NewRow::insert_missing(tx.writing(), &rows)?;
    entered.into_iter().map(|id| id.parse().map_err(|_| unreadable(&id))).collect()
}

/// Withdraws letters that were put in by this transaction: they are never sent.
pub fn set_aside(tx: &mut Tx<'_>, ids: &[LetterId]) -> Result<(), DbFault> {
    let ids: Vec<&str> = ids.iter().map(LetterId::as_str).collect();
    diesel::update(letters::table.filter(letters::id.eq_any(ids)))
        .set(letters::state.eq(LetterState::Withdrawn.as_str()))
        .execute(tx.writing())?;
    Ok(())
}
