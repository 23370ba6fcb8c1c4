//! Passwords, and whether the address of their user is proven.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::memberships;
use crate::db::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    pool::any_connection::AnyConnection,
    schema::{sessions, user_roles, users},
    sql::timestamp::At,
};
use crate::domain::{
    email::Email,
    ids::{AccountId, SessionId, UserId},
    role::Roles,
    search_text::of_person,
    user::UserStatus,
};

/// The credentials of a user.
#[derive(Default)]
pub struct Credentials {
    /// The password hash; `None` for a user who never activated.
    pub password_hash: Option<String>,
    /// Whether the password was chosen with a link that was mailed to the user's address.
    pub is_proven: bool,
}

/// The credentials of a user; empty for one who does not exist.
pub fn of(connection: &mut AnyConnection, id: UserId) -> Result<Credentials, DbFault> {
    let row = users::table
        .find(id.as_str())
        .select((users::password_hash, users::address_proven_at))
        .first::<(Option<String>, Option<At>)>(connection)
        .optional()?;
    let found =
        row.map(|(password_hash, proven_at)| Credentials { password_hash, is_proven: proven_at.is_some() });
    Ok(found.unwrap_or_default())
}

/// The current permissions of an active user, and what their tokens are compared with.
pub struct PresentRights {
    /// The password hash.
    pub password_hash: String,
    /// Tokens that were issued before this are refused.
    pub tokens_valid_from: Option<DateTime<Utc>>,
    /// The mark of the password with which the session began; `None` without a session that continues.
    pub session_credential: Option<String>,
    /// The system roles.
    pub roles: Roles,
    /// The accounts that the user owns.
    pub owned: Vec<AccountId>,
}

/// The current permissions of a user in this session, if any; `None` for a user who is not active.
pub fn present_rights(
    connection: &mut AnyConnection,
    id: UserId,
    session: Option<SessionId>,
) -> Result<Option<PresentRights>, DbFault> {
    let session = session.as_ref().map(SessionId::as_str);
    let of_user = sessions::user_id.eq(users::id).and(sessions::ended_at.is_null());
    let active = users::status.eq(UserStatus::Active.as_str()).and(users::removed_at.is_null());
    // One query with the session: its check costs no query of its own.
    let row: Option<(Option<String>, Option<At>, Option<String>)> = users::table
        .left_join(sessions::table.on(sessions::id.nullable().eq(session).and(of_user.nullable())))
        .filter(users::id.eq(id.as_str()).and(active))
        .select((users::password_hash, users::tokens_valid_from, sessions::credential.nullable()))
        .first(connection)
        .optional()?;
    let Some((Some(password_hash), valid_from, session_credential)) = row else { return Ok(None) };
    let roles = user_roles::table.filter(user_roles::user_id.eq(id.as_str())).select(user_roles::role);
    let corrupt = |_| DbFault::Corrupt { table: "user_roles", column: "role", row: id.to_string() };
    let roles = roles
        .load::<String>(connection)?
        .iter()
        .map(|role| role.parse().map_err(corrupt))
        .collect::<Result<_, _>>()?;
    Ok(Some(PresentRights {
        password_hash,
        tokens_valid_from: valid_from.map(|at| at.0),
        session_credential,
        roles,
        owned: memberships::owned(connection, id)?,
    }))
}

/// Replaces the password hash `old` of an active user by `new`. A user with another one by now is stale.
pub fn change(tx: &mut Tx<'_>, id: UserId, (old, new): (&str, &str)) -> Result<Guarded, DbFault> {
    let changed = diesel::update(users::table)
        .filter(users::id.eq(id.as_str()).and(users::status.eq(UserStatus::Active.as_str())))
        .filter(users::removed_at.is_null().and(users::password_hash.eq(old).assume_not_null()))
        .set(users::password_hash.eq(new))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// Gives a user another password.
pub fn set_password(tx: &mut Tx<'_>, id: UserId, password_hash: &str) -> Result<(), DbFault> {
    diesel::update(users::table.find(id.as_str()))
        .set(users::password_hash.eq(password_hash))
        .execute(tx.writing())?;
    Ok(())
}

/// Records that a user's address is proven.
pub fn prove(tx: &mut Tx<'_>, id: UserId, now: DateTime<Utc>) -> Result<(), DbFault> {
    diesel::update(users::table.find(id.as_str()))
        .set(users::address_proven_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(())
}

/// Gives an active user with an unproven address a new password and new names, and marks the address as
/// proven. Any other user is stale.
pub fn replace(
    tx: &mut Tx<'_>,
    id: UserId,
    (first_name, last_name): (&str, &str),
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<Guarded, DbFault> {
    let email: Option<String> =
        users::table.find(id.as_str()).select(users::email).first(tx.reading()).optional()?;
    let Some(email) = email else { return Ok(Guarded::Stale) };
    let corrupt = |_| DbFault::Corrupt { table: "users", column: "email", row: id.to_string() };
    let email = Email::parse(&email).map_err(corrupt)?;
    let changed = diesel::update(users::table)
        .filter(users::id.eq(id.as_str()).and(users::status.ne(UserStatus::Invited.as_str())))
        .filter(users::address_proven_at.is_null())
        .set((
            users::first_name.eq(first_name),
            users::last_name.eq(last_name),
            users::search_text.eq(of_person(&email, first_name, last_name)),
            users::password_hash.eq(password_hash),
            users::address_proven_at.eq(At(now)),
        ))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}
