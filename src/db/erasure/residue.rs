//! Erases what requests wrote while, or just after, a person was erased.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    Tx,
    error::DbFault,
    schema::{invitation_events as events, invitations, users},
    sql::{
        partial_index::{made_by_user, sent_by_user},
        timestamp::At,
    },
};
use crate::domain::event::EventType;

/// No details.
const NOTHING: &str = "{}";

/// Erases the names of users who were erased since `since` from what they did, and the `User-Agent`s with
/// which their links were opened: a request that began before the erasure may commit after it. Returns the
/// number of rows.
pub fn erase_residue(tx: &mut Tx<'_>, since: DateTime<Utc>) -> Result<usize, DbFault> {
    let erased: Vec<String> = users::table
        .filter(users::erased_at.gt(At(since)).assume_not_null())
        .select(users::id)
        .load(tx.reading())?;
    if erased.is_empty() {
        return Ok(0);
    }
    let sent = sent_by_user().and(invitations::inviter_id.eq_any(&erased));
    let invited = diesel::update(invitations::table.filter(sent.and(invitations::inviter_name.ne(""))))
        .set(invitations::inviter_name.eq(""))
        .execute(tx.writing())?;
    let done = made_by_user().and(events::actor_id.eq_any(&erased));
    let noted = diesel::update(events::table.filter(done.and(events::actor_name.ne(""))))
        .set(events::actor_name.eq(""))
        .execute(tx.writing())?;
    let theirs = invitations::table.filter(invitations::user_id.eq_any(&erased)).select(invitations::id);
    let ids: Vec<String> = theirs.load(tx.reading())?;
    let opened = events::event_type.eq(EventType::Opened.as_str()).and(events::details.ne(NOTHING));
    let opened = diesel::update(events::table.filter(events::invitation_id.eq_any(ids).and(opened)))
        .set(events::details.eq(NOTHING))
        .execute(tx.writing())?;
    Ok(invited + noted + opened)
}
