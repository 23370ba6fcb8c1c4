//! Requests to change an address.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::unused::delete_unused;
use crate::db::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    letters::outbox,
    pool::any_connection::AnyConnection,
    schema::{email_changes as changes, invitations, users},
    sql::timestamp::At,
};
use crate::domain::{
    email::Email,
    email_change::{EmailChange, KEPT},
    ids::{EmailChangeId, UserId},
    search_text::of_person,
    user::User,
};

/// Inserts a new request.
pub fn insert(tx: &mut Tx<'_>, new: &EmailChange) -> Result<(), DbFault> {
    let row = (
        changes::id.eq(new.id.as_str()),
        changes::user_id.eq(new.user.as_str()),
        changes::old_email.eq(new.old.as_str()),
        changes::email.eq(new.new.as_str()),
        changes::created_at.eq(At(new.created_at)),
    );
    diesel::insert_into(changes::table).values(row).execute(tx.writing())?;
    Ok(())
}

/// The columns of a request: user, addresses, and times.
type Row = (String, String, String, At, Option<At>, Option<At>);

/// One request.
pub fn get(connection: &mut AnyConnection, id: EmailChangeId) -> Result<Option<EmailChange>, DbFault> {
    let row: Option<Row> = changes::table
        .find(id.as_str())
        .select((
            changes::user_id,
            changes::old_email,
            changes::email,
            changes::created_at,
            changes::confirmed_at,
            changes::superseded_at,
        ))
        .first(connection)
        .optional()?;
    let Some((user, old, new, created_at, confirmed_at, superseded_at)) = row else { return Ok(None) };
    let corrupt = |column| DbFault::Corrupt { table: "email_changes", column, row: id.to_string() };
    Ok(Some(EmailChange {
        id,
        user: user.parse().map_err(|_| corrupt("user_id"))?,
        old: Email::parse(&old).map_err(|_| corrupt("old_email"))?,
        new: Email::parse(&new).map_err(|_| corrupt("email"))?,
        created_at: created_at.0,
        confirmed_at: confirmed_at.map(|at| at.0),
        superseded_at: superseded_at.map(|at| at.0),
    }))
}

/// The user who has this address.
pub fn holder(connection: &mut AnyConnection, email: &Email) -> Result<Option<UserId>, DbFault> {
    let holder = users::table.filter(users::email_key.eq(email.key()).and(users::removed_at.is_null()));
    let id: Option<String> = holder.select(users::id).first(connection).optional()?;
    let corrupt = |id: String| DbFault::Corrupt { table: "users", column: "id", row: id };
    id.map(|id| id.parse().map_err(|_| corrupt(id))).transpose()
}

/// Gives the invitations of a user who never activated to `user`, who has proven the address, and removes the
/// former. Both must be locked.
pub fn take_over(tx: &mut Tx<'_>, invited: UserId, user: UserId, now: DateTime<Utc>) -> Result<(), DbFault> {
    diesel::update(invitations::table.filter(invitations::user_id.eq(invited.as_str())))
        .set(invitations::user_id.eq(user.as_str()))
        .execute(tx.writing())?;
    if delete_unused(tx, &[invited.as_str()])? == 0 {
        diesel::update(users::table.find(invited.as_str()))
            .set(users::removed_at.eq(At(now)))
            .execute(tx.writing())?;
    }
    Ok(())
}

/// Ends the links of a user's earlier requests, and says whether one worked.
pub fn supersede(tx: &mut Tx<'_>, user: UserId, now: DateTime<Utc>) -> Result<Guarded, DbFault> {
    let open = changes::confirmed_at.is_null().and(changes::superseded_at.is_null());
    let ended = diesel::update(changes::table.filter(changes::user_id.eq(user.as_str()).and(open)))
        .set(changes::superseded_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(if ended == 0 { Guarded::Stale } else { Guarded::Applied })
}

/// Uses the link of a request up: of several callers at once it is applied for one.
pub fn use_up(tx: &mut Tx<'_>, id: EmailChangeId, now: DateTime<Utc>) -> Result<Guarded, DbFault> {
    let open = changes::confirmed_at.is_null().and(changes::superseded_at.is_null());
    let changed = diesel::update(changes::table.filter(changes::id.eq(id.as_str()).and(open)))
        .set(changes::confirmed_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// Gives a user a new address, which is proven, since its link was used. The user must be locked, and the
/// address must be free.
///
/// # Errors
/// [`DbFault::Conflict`] when another user has been given the address meanwhile.
pub fn set_email(tx: &mut Tx<'_>, user: &User, new: &Email, now: DateTime<Utc>) -> Result<(), DbFault> {
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    let (first_name, last_name) = (name(&user.first_name), name(&user.last_name));
    diesel::update(users::table.find(user.id.as_str()))
        .set((
            users::email.eq(new.as_str()),
            users::email_key.eq(new.key()),
            users::search_text.eq(of_person(new, &first_name, &last_name)),
            users::address_proven_at.eq(At(now)),
        ))
        .execute(tx.writing())?;
    Ok(())
}

/// Writes a user's address in another spelling.
pub fn set_spelling(tx: &mut Tx<'_>, user: &User, email: &Email) -> Result<(), DbFault> {
    diesel::update(users::table.find(user.id.as_str()).filter(users::email_key.eq(email.key())))
        .set(users::email.eq(email.as_str()))
        .execute(tx.writing())?;
    Ok(())
}

/// Deletes old requests, and their letters.
pub fn delete_old(tx: &mut Tx<'_>, limit: usize, now: DateTime<Utc>) -> Result<usize, DbFault> {
    let old = changes::table
        .filter(changes::created_at.le(At(now - KEPT)))
        .select(changes::id)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load::<String>(tx.reading())?;
    outbox::delete_notices(tx, &old)?;
    Ok(diesel::delete(changes::table.filter(changes::id.eq_any(&old))).execute(tx.writing())?)
}
