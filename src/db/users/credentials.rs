//! What people sign in with, and whether it is proven to be theirs.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::memberships;
use crate::db::{
    Tx,
    error::DbFault,
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

/// What a person signs in with.
#[derive(Default)]
pub struct Credentials {
    /// The password's hash; none of somebody who never activated.
    pub password_hash: Option<String>,
    /// Whether whoever chose the password had a link that was mailed to the person's address.
    pub is_proven: bool,
}

/// The credentials of a user; nothing of one who is not there.
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

/// What somebody who is active may do now.
pub struct Standing {
    /// Of the password that they sign in with.
    pub password_hash: String,
    /// The roles that they hold.
    pub roles: Roles,
    /// The accounts that they own.
    pub owned: Vec<AccountId>,
}

/// What a person may do now; none of somebody who is not active.
pub fn standing(connection: &mut AnyConnection, id: UserId) -> Result<Option<Standing>, DbFault> {
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
    Ok(Some(Standing { password_hash, roles, owned: memberships::owned(connection, id)? }))
}

/// Gives somebody who is active, but whose address was not proven, another password and other names: from now
/// on it is. The system roles that were given before end, since they may have been given to somebody else.
/// `false`, and nothing changes, for anybody else.
pub fn replace(
    tx: &mut Tx<'_>,
    id: UserId,
    (first_name, last_name): (&str, &str),
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<bool, DbFault> {
    let email: Option<String> =
        users::table.find(id.as_str()).select(users::email).first(tx.reading()).optional()?;
    let Some(email) = email else { return Ok(false) };
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
    Ok(changed == 1)
}
