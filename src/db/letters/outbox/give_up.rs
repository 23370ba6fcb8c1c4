//! Letters that have waited too long, and giving them up.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    claim::{Ids, subject_of},
    state::LetterState,
};
use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::letters,
    sql::{partial_index::is_queued, timestamp::At},
};
use crate::domain::{
    ids::LetterId,
    letter::{LetterPurpose, LetterSubject},
};

/// A letter to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// The id.
    pub id: LetterId,
    /// What it is about.
    pub subject: LetterSubject,
    /// The purpose of the letter.
    pub purpose: LetterPurpose,
    /// The number of attempts.
    pub attempts: i32,
}

/// Up to `limit` letters that were put in at `before` or earlier, are queued, and have no valid lease.
pub fn queued_until(
    connection: &mut AnyConnection,
    (before, now): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Waiting>, DbFault> {
    let rows: Vec<(String, Ids, String, i32)> = letters::table
        .filter(is_queued().and(letters::created_at.le(At(before))))
        .filter(letters::leased_until.is_null().or(letters::leased_until.le(At(now)).assume_not_null()))
        .order(letters::id)
        .limit(limit)
        .select((letters::id, (letters::invitation_id, letters::subject), letters::kind, letters::attempts))
        .load(connection)?;
    let waiting = |(id, ids, kind, attempts): (String, Ids, String, i32)| {
        let unreadable = |column| DbFault::Corrupt { table: "letters", column, row: id.clone() };
        Ok(Waiting {
            id: id.parse().map_err(|_| unreadable("id"))?,
            subject: subject_of(ids).ok_or_else(|| unreadable("subject"))?,
            purpose: kind.parse().map_err(|_| unreadable("kind"))?,
            attempts,
        })
    };
    rows.into_iter().map(waiting).collect()
}

/// How many queued letters that were put in at `before` or earlier have a valid lease.
pub fn in_hand(
    connection: &mut AnyConnection,
    (before, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<i64, DbFault> {
    let in_hand = letters::table
        .filter(is_queued().and(letters::created_at.le(At(before))))
        .filter(letters::leased_until.gt(At(now)).assume_not_null());
    Ok(in_hand.count().get_result(connection)?)
}

/// Gives up those of these letters that still have no valid lease, for this reason, and returns their ids.
pub fn give_up(
    tx: &mut Tx<'_>,
    ids: &[LetterId],
    reason: &str,
    now: DateTime<Utc>,
) -> Result<HashSet<LetterId>, DbFault> {
    let ids: Vec<&str> = ids.iter().map(LetterId::as_str).collect();
    let given_up: Vec<String> = diesel::update(letters::table)
        .filter(letters::id.eq_any(ids).and(letters::state.eq(LetterState::Queued.as_str())))
        .filter(letters::leased_until.is_null().or(letters::leased_until.le(At(now)).assume_not_null()))
        .set((
            letters::state.eq(LetterState::Failed.as_str()),
            letters::last_error.eq(reason),
            letters::failed_at.eq(At(now)),
            letters::leased_until.eq(None::<At>),
        ))
        .returning(letters::id)
        .get_results(tx.writing())?;
    let unreadable = |id: &str| DbFault::Corrupt { table: "letters", column: "id", row: id.to_owned() };
    given_up.into_iter().map(|id| id.parse().map_err(|_| unreadable(&id))).collect()
}
