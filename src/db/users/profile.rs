//! Changes of an activated user: status, names and system roles.

use diesel::prelude::*;

use super::{corrupt, grant};
use crate::db::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    schema::{user_roles, users},
};
use crate::domain::{
    ids::UserId,
    role::{Role, Roles},
    search_text::of_person,
    user::{User, UserStatus},
};

/// Moves a user from one status to another.
pub fn set_status(
    tx: &mut Tx<'_>,
    id: UserId,
    (from, to): (UserStatus, UserStatus),
) -> Result<Guarded, DbFault> {
    let changed = diesel::update(users::table)
        .filter(users::id.eq(id.as_str()).and(users::status.eq(from.as_str())))
        .filter(users::removed_at.is_null())
        .set(users::status.eq(to.as_str()))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// Gives a user these names.
pub fn set_names(tx: &mut Tx<'_>, user: &User, names: (&str, &str)) -> Result<(), DbFault> {
    let (first_name, last_name) = names;
    let changed = diesel::update(users::table.find(user.id.as_str()))
        .set((
            users::first_name.eq(first_name),
            users::last_name.eq(last_name),
            users::search_text.eq(of_person(&user.email, first_name, last_name)),
        ))
        .execute(tx.writing())?;
    if changed == 1 { Ok(()) } else { Err(corrupt("id", user.id.as_str())) }
}

/// Gives a user exactly these system roles.
pub fn set_roles(tx: &mut Tx<'_>, id: UserId, roles: &Roles) -> Result<(), DbFault> {
    let kept: Vec<&str> = roles.iter().map(Role::as_str).collect();
    let others =
        user_roles::table.filter(user_roles::user_id.eq(id.as_str()).and(user_roles::role.ne_all(kept)));
    diesel::delete(others).execute(tx.writing())?;
    if roles.is_empty() { Ok(()) } else { grant(tx, id, roles) }
}
