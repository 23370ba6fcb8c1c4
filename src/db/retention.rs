//! Deletes invitations that ended long ago without an activation, and what existed for them alone.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use super::{
    Tx,
    error::DbFault,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::{account_lineage, accounts, invitation_events as events, invitations, letters, memberships},
    sql::{condition::Condition, timestamp::At},
    users::{lock_invited, unused::delete_unused},
};
use crate::domain::{account::AccountStatus, ids::InvitationId, invitation::InvitationState};

/// Those that were revoked, replaced, or expired before `before`. An invitation that was activated belongs to
/// the history of its user, and stays until they are erased.
fn ended(before: DateTime<Utc>) -> Condition<invitations::table> {
    let unanswered = [InvitationState::Pending, InvitationState::Replaced].map(InvitationState::as_str);
    let expired = invitations::state.eq_any(unanswered).and(invitations::expires_at.lt(At(before)));
    // Only revoked ones have this time.
    let revoked = invitations::revoked_at.lt(At(before)).assume_not_null();
    Condition::when(expired.or(invitations::revoked_at.is_not_null().and(revoked)))
}

/// Up to `limit` invitations that ended before `before`, the oldest first.
pub fn find(
    connection: &mut AnyConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<InvitationId>, DbFault> {
    let ids: Vec<String> = invitations::table
        .select(invitations::id)
        .order(invitations::id)
        .limit(limit)
        .into_boxed::<MultiBackend>()
        // Ids begin with the time of creation, so that only invitations of that age are read.
        .filter(invitations::id.lt(InvitationId::earliest_at(before).to_string()))
        .filter(ended(before))
        .load(connection)?;
    let unreadable = |id: &str| DbFault::Corrupt { table: "invitations", column: "id", row: id.to_owned() };
    ids.iter().map(|id| id.parse().map_err(|_| unreadable(id))).collect()
}

/// Deletes those of these invitations that ended before `before`, with their letters and timelines; users who
/// never activated and accounts that were never activated go with their last invitation. Returns the number
/// of invitations.
pub fn delete(tx: &mut Tx<'_>, ids: &[InvitationId], before: DateTime<Utc>) -> Result<usize, DbFault> {
    if ids.is_empty() {
        return Ok(0);
    }
    lock_invited(tx, ids)?;
    // Read again behind the lock: one may have been resent.
    let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rows: Vec<(String, String, Option<String>)> = invitations::table
        .select((invitations::id, invitations::user_id, invitations::account_id))
        .into_boxed::<MultiBackend>()
        .filter(invitations::id.eq_any(texts))
        .filter(ended(before))
        .load(tx.reading())?;
    let ids: Vec<&str> = rows.iter().map(|(id, ..)| id.as_str()).collect();
    diesel::delete(events::table.filter(events::invitation_id.eq_any(&ids))).execute(tx.writing())?;
    diesel::delete(letters::table.filter(letters::invitation_id.eq_any(&ids).assume_not_null()))
        .execute(tx.writing())?;
    let deleted =
        diesel::delete(invitations::table.filter(invitations::id.eq_any(&ids))).execute(tx.writing())?;
    let users: BTreeSet<&str> = rows.iter().map(|(_, user, _)| user.as_str()).collect();
    delete_unused(tx, &users.into_iter().collect::<Vec<_>>())?;
    delete_accounts(tx, &rows.iter().filter_map(|(.., account)| account.as_deref()).collect())?;
    Ok(deleted)
}

fn delete_accounts(tx: &mut Tx<'_>, ids: &BTreeSet<&str>) -> Result<(), DbFault> {
    let parents = diesel::alias!(accounts as children);
    let below = parents.filter(parents.field(accounts::parent_account_id).eq(accounts::id.nullable()));
    let invited = invitations::table.filter(invitations::account_id.eq(accounts::id.nullable()));
    let joined = memberships::table.filter(memberships::account_id.eq(accounts::id));
    let unused: Vec<String> = accounts::table
        .filter(accounts::id.eq_any(ids).and(accounts::status.eq(AccountStatus::Invited.as_str())))
        .filter(not(exists(invited)).and(not(exists(joined))).and(not(exists(below))))
        .select(accounts::id)
        .load(tx.reading())?;
    diesel::delete(account_lineage::table.filter(account_lineage::account_id.eq_any(&unused)))
        .execute(tx.writing())?;
    diesel::delete(accounts::table.filter(accounts::id.eq_any(&unused))).execute(tx.writing())?;
    Ok(())
}

/// Deletes letters that are not about an invitation, from before `before`, at most `most`. Returns their
/// number.
pub fn delete_notices(tx: &mut Tx<'_>, most: usize, before: DateTime<Utc>) -> Result<usize, DbFault> {
    let old: Vec<String> = letters::table
        .filter(letters::subject.is_not_null().and(letters::created_at.lt(At(before))))
        .select(letters::id)
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .load(tx.reading())?;
    Ok(diesel::delete(letters::table.filter(letters::id.eq_any(old))).execute(tx.writing())?)
}
