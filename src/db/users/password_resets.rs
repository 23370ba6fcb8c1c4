//! Requests to reset a password.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, select},
    prelude::*,
};

use crate::db::{
    Tx, error::DbFault, guarded::Guarded, letters::outbox, pool::any_connection::AnyConnection,
    schema::password_resets as resets, sql::timestamp::At,
};
use crate::domain::{
    email::Email,
    ids::ResetId,
    password_reset::{KEPT, PasswordReset},
};

/// Inserts a new request.
pub fn insert(tx: &mut Tx<'_>, id: ResetId, email: &Email, now: DateTime<Utc>) -> Result<(), DbFault> {
    let row = (
        resets::id.eq(id.as_str()),
        resets::email.eq(email.as_str()),
        resets::email_key.eq(email.key()),
        resets::created_at.eq(At(now)),
    );
    diesel::insert_into(resets::table).values(row).execute(tx.writing())?;
    Ok(())
}

/// One request. A later one for the same address supersedes it.
pub fn get(connection: &mut AnyConnection, id: ResetId) -> Result<Option<PasswordReset>, DbFault> {
    let row: Option<(String, String, At, Option<At>)> = resets::table
        .find(id.as_str())
        .select((resets::email, resets::email_key, resets::created_at, resets::used_at))
        .first(connection)
        .optional()?;
    let Some((email, key, created_at, used_at)) = row else { return Ok(None) };
    let later = resets::table.filter(resets::email_key.eq(key).and(resets::id.gt(id.as_str())));
    let unreadable = |_| DbFault::Corrupt { table: "password_resets", column: "email", row: id.to_string() };
    Ok(Some(PasswordReset {
        id,
        email: Email::parse(&email).map_err(unreadable)?,
        created_at: created_at.0,
        used_at: used_at.map(|at| at.0),
        is_superseded: select(exists(later)).get_result(connection)?,
    }))
}

/// Uses the link of a request up: of several callers at once it is applied for one.
pub fn use_up(tx: &mut Tx<'_>, id: ResetId, now: DateTime<Utc>) -> Result<Guarded, DbFault> {
    let changed = diesel::update(resets::table.find(id.as_str()))
        .filter(resets::used_at.is_null())
        .set(resets::used_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// Uses up all links of an address, since its password was changed.
pub fn use_up_all(tx: &mut Tx<'_>, email: &Email, now: DateTime<Utc>) -> Result<(), DbFault> {
    diesel::update(resets::table.filter(resets::email_key.eq(email.key())))
        .filter(resets::used_at.is_null())
        .set(resets::used_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(())
}

/// Deletes old requests, and their letters.
pub fn delete_old(tx: &mut Tx<'_>, limit: usize, now: DateTime<Utc>) -> Result<usize, DbFault> {
    let old = resets::table
        .filter(resets::created_at.le(At(now - KEPT)))
        .select(resets::id)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load::<String>(tx.reading())?;
    outbox::delete_notices(tx, &old)?;
    Ok(diesel::delete(resets::table.filter(resets::id.eq_any(&old))).execute(tx.writing())?)
}
