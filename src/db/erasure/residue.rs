//! Erases names that requests wrote while, or just after, their caller was erased.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    Tx,
    error::DbFault,
    schema::{invitation_events as events, invitations, users},
    sql::timestamp::At,
};
use crate::domain::actor::ActorKind;

/// Erases the names of users who were erased since `since` from what they did: a request that was
/// authenticated before the erasure may commit after it. Returns the number of rows.
pub fn erase_residue(tx: &mut Tx<'_>, since: DateTime<Utc>) -> Result<usize, DbFault> {
    let erased: Vec<String> = users::table
        .filter(users::erased_at.gt(At(since)).assume_not_null())
        .select(users::id)
        .load(tx.reading())?;
    if erased.is_empty() {
        return Ok(0);
    }
    let user = ActorKind::User.as_str();
    let sent = invitations::inviter_kind.eq(user).and(invitations::inviter_id.eq_any(&erased));
    let invited = diesel::update(invitations::table.filter(sent.and(invitations::inviter_name.ne(""))))
        .set(invitations::inviter_name.eq(""))
        .execute(tx.writing())?;
    let done = events::actor_kind.eq(user).and(events::actor_id.eq_any(&erased));
    let noted = diesel::update(events::table.filter(done.and(events::actor_name.ne(""))))
        .set(events::actor_name.eq(""))
        .execute(tx.writing())?;
    Ok(invited + noted)
}
