//! Passwords, and whether the address of their user is proven.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::memberships;
use crate::db::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    pool::any_connection::AnyConnection,
    schema::{user_roles, users},
    sql::timestamp::At,
};
use crate::domain::{
    case_fold::searched_person,
    email::Email,
    ids::{AccountId, UserId},
    role::Roles,
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

/// The current permissions of an active user.
pub struct PresentRights {
    /// The password hash.
    pub password_hash: String,
    /// The system roles.
    pub roles: Roles,
    /// The accounts that the user owns.
    pub owned: Vec<AccountId>,
}

/// The current permissions of a user; `None` for one who is not active.
pub fn present_rights(connection: &mut AnyConnection, id: UserId) -> Result<Option<PresentRights>, DbFault> {
    let active = users::status.eq(UserStatus::Active.as_str()).and(users::removed_at.is_null());
    let hash: Option<Option<String>> = users::table
        .find(id.as_str())
        .filter(active)
        .select(users::password_hash)
        .first(connection)
        .optional()?;
    let Some(password_hash) = hash.flatten() else { return Ok(None) };
    let roles = user_roles::table.filter(user_roles::user_id.eq(id.as_str())).select(user_roles::role);
    let corrupt = |_| DbFault::Corrupt { table: "user_roles", column: "role", row: id.to_string() };
    let roles = roles
        .load::<String>(connection)?
        .iter()
        .map(|role| role.parse().map_err(corrupt))
        .collect::<Result<_, _>>()?;
    Ok(Some(PresentRights { password_hash, roles, owned: memberships::owned(connection, id)? }))
}

/// Gives an active user with an unproven address a new password and new names, and marks the address as
/// proven. System roles granted before are revoked, since they may have been granted to another person.
/// Any other user is stale.
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
            users::search_text.eq(searched_person(&email, first_name, last_name)),
            users::password_hash.eq(password_hash),
            users::address_proven_at.eq(At(now)),
        ))
        .execute(tx.writing())?;
    if changed == 1 {
        diesel::delete(user_roles::table.filter(user_roles::user_id.eq(id.as_str())))
            .execute(tx.writing())?;
    }
    Ok(Guarded::of(changed))
}
