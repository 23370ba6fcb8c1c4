//! Users and their roles: inserting, locking, activating, removing and listing them.

pub mod admins;
mod any_role;
pub mod credentials;
pub mod email_changes;
mod filters;
mod list;
mod lock;
pub mod memberships;
pub mod password_resets;
pub mod profile;
mod removed;
pub mod revoked_tokens;
pub mod sessions;
pub(super) mod unused;
mod user_filter;
mod walks;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

pub(super) use self::lock::{UserSelector, insert, lock_where};
pub use self::{
    any_role::AnyRole,
    list::{get, list},
    lock::{InsertedOrLocked, LockedUser, NewUser, insert_or_lock, lock, lock_invited, lock_many},
    removed::{lock_removed, removed},
    user_filter::UserFilter,
};
use super::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    pool::any_connection::AnyConnection,
    removal::Removal,
    schema::{audit_events, invitations, user_roles, users},
    sql::timestamp::At,
};
use crate::domain::{
    email::Email, ids::UserId, invitation::InvitationState, role::Roles, search_text::of_person,
    user::UserStatus,
};

/// The id and the password hash of the user with this address, if there is one with a password.
///
/// The time must not tell whether there is one. For any address the user is read whose address is the next
/// one, and so is the place of their audit events: a page that the database does not have in memory takes as
/// long to read in either case.
pub fn credentials(
    connection: &mut AnyConnection,
    email_key: &str,
) -> Result<Option<(UserId, String)>, DbFault> {
    let next = users::table
        .filter(users::email_key.ge(email_key).and(users::removed_at.is_null()))
        .order(users::email_key)
        .select((users::id, users::email_key, users::password_hash))
        .first::<(String, String, Option<String>)>(connection)
        .optional()?;
    let Some((id, key, hash)) = next else { return Ok(None) };
    let events = audit_events::table.filter(audit_events::object.eq(&id));
    events.select(audit_events::id).first::<String>(connection).optional()?;
    let Some(hash) = hash.filter(|_| key == email_key) else { return Ok(None) };
    Ok(Some((id.parse().map_err(|_| corrupt("id", &id))?, hash)))
}

/// Activates an invited user. The address is proven if the link was mailed there.
pub fn activate(
    tx: &mut Tx<'_>,
    (id, is_mailed): (UserId, bool),
    (first_name, last_name): (&str, &str),
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<Guarded, DbFault> {
    let invited = users::table.find(id.as_str()).filter(users::status.eq(UserStatus::Invited.as_str()));
    let email: Option<String> = invited.select(users::email).first(tx.reading()).optional()?;
    let Some(email) = email else { return Ok(Guarded::Stale) };
    let email = Email::parse(&email).map_err(|_| corrupt("email", id.as_str()))?;
    let changed = diesel::update(users::table)
        .filter(users::id.eq(id.as_str()).and(users::status.eq(UserStatus::Invited.as_str())))
        .set((
            users::status.eq(UserStatus::Active.as_str()),
            users::first_name.eq(first_name),
            users::last_name.eq(last_name),
            users::search_text.eq(of_person(&email, first_name, last_name)),
            users::password_hash.eq(password_hash),
            users::activated_at.eq(At(now)),
            users::address_proven_at.eq(is_mailed.then_some(At(now))),
        ))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// Adds roles to those of a user.
pub fn grant(tx: &mut Tx<'_>, id: UserId, roles: &Roles) -> Result<(), DbFault> {
    let rows: Vec<_> = roles
        .iter()
        .map(|role| (user_roles::user_id.eq(id.as_str()), user_roles::role.eq(role.as_str())))
        .collect();
    each!(tx.writing(), c => {
        diesel::insert_into(user_roles::table).values(&rows).on_conflict_do_nothing().execute(c)
    })?;
    Ok(())
}

/// Removes a user who never activated and has no pending invitation; their address can be used again.
pub fn remove_if_orphaned(tx: &mut Tx<'_>, id: UserId, now: DateTime<Utc>) -> Result<Removal, DbFault> {
    let pending = invitations::table
        .filter(
            invitations::user_id
                .eq(id.as_str())
                .and(invitations::state.eq(InvitationState::Pending.as_str())),
        )
        .select(invitations::id)
        .limit(1)
        .load::<String>(tx.reading())?;
    if !pending.is_empty() {
        return Ok(Removal::Kept);
    }
    // Of a user whose invitations are all another's by now, nothing is kept.
    if unused::delete_unused(tx, &[id.as_str()])? == 1 {
        return Ok(Removal::Removed);
    }
    let marked = diesel::update(users::table)
        .filter(users::id.eq(id.as_str()).and(users::status.eq(UserStatus::Invited.as_str())))
        .filter(users::removed_at.is_null())
        .set(users::removed_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(Removal::of(marked))
}

/// Deletes users that were inserted in this transaction and turned out not to be needed.
pub fn remove_entered(tx: &mut Tx<'_>, ids: &[UserId]) -> Result<(), DbFault> {
    if !ids.is_empty() {
        let ids: Vec<&str> = ids.iter().map(UserId::as_str).collect();
        diesel::delete(users::table.filter(users::id.eq_any(ids))).execute(tx.writing())?;
    }
    Ok(())
}

/// The status of the user with that id.
pub(super) fn parse_status(status: &str, id: &str) -> Result<UserStatus, DbFault> {
    status.parse().map_err(|_| corrupt("status", id))
}

fn corrupt(column: &'static str, row: &str) -> DbFault {
    DbFault::Corrupt { table: "users", column, row: row.to_owned() }
}
