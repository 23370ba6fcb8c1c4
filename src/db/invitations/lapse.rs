//! Marks pending invitations that expired long ago as lapsed, so that an index leads to the others.
//!
//! An invitation that is marked has expired: a trigger of the database takes the mark away with each change
//! that moves the expiry or ends the invitation. One that is not marked may have expired as well.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::invitations,
    sql::{condition::Condition, timestamp::At},
};
use crate::domain::invitation::{InvitationKind, InvitationState};

/// A part of the index `invitations_listed`: the invitations of a kind in a state, with the mark or without.
pub(in crate::db) type Part = (InvitationKind, InvitationState, bool);

/// In this part of the index.
pub(in crate::db) fn in_part((kind, state, lapsed): Part) -> Condition<invitations::table> {
    let mark = if lapsed { " lapsed" } else { "" };
    let expression = "(invitations.kind || ' ' || invitations.state \
                      || CASE WHEN invitations.lapsed THEN ' lapsed' ELSE '' END) = ";
    let part = format!("{} {}{mark}", kind.as_str(), state.as_str());
    Condition::has_value(expression, part)
}

/// Marks up to `limit` pending invitations of each kind whose links expired before `before`. Returns their
/// number.
pub fn mark_lapsed(tx: &mut Tx<'_>, limit: i64, before: DateTime<Utc>) -> Result<usize, DbFault> {
    let mut marked = 0;
    for kind in InvitationKind::ALL {
        marked += mark_kind(tx, kind, limit, before)?;
    }
    Ok(marked)
}

/// By the index of kind, state, mark and id: only what is not marked yet is read.
fn mark_kind(
    tx: &mut Tx<'_>,
    kind: InvitationKind,
    limit: i64,
    before: DateTime<Utc>,
) -> Result<usize, DbFault> {
    let due = invitations::table
        .filter(in_part((kind, InvitationState::Pending, false)))
        .filter(invitations::expires_at.lt(At(before)))
        .order(invitations::id)
        .limit(limit)
        .select(invitations::id);
    let ids: Vec<String> = match tx.writing() {
        // A row that another transaction changes is skipped: waiting for it without the lock of its user
        // could be a deadlock.
        AnyConnection::Postgres(c) => due.for_no_key_update().skip_locked().load(c)?,
        AnyConnection::Sqlite(c) => due.load(c)?,
    };
    let marked = diesel::update(invitations::table.filter(invitations::id.eq_any(ids)))
        .set(invitations::lapsed.eq(true))
        .execute(tx.writing())?;
    Ok(marked)
}
