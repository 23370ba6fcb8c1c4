//! The users with the role of an admin.

use diesel::prelude::*;

use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{user_roles, users},
};
use crate::domain::{ids::UserId, role::Role, user::UserStatus};

/// Whether there are active admins beside one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// At least one.
    Remain,
    /// None.
    None,
}

/// Locks the admins' roles until the transaction ends, and looks for an active admin other than `user`. Take
/// the user's lock first.
pub fn lock_others(tx: &mut Tx<'_>, user: UserId) -> Result<Others, DbFault> {
    let admins = user_roles::table.filter(user_roles::role.eq(Role::Admin.as_str()));
    if let AnyConnection::Postgres(c) = tx.writing() {
        // In one order, so that two transactions cannot deadlock. A write transaction on SQLite locks the
        // file.
        admins.select(user_roles::user_id).order(user_roles::user_id).for_update().load::<String>(c)?;
    }
    let others = admins
        .inner_join(users::table.on(users::id.eq(user_roles::user_id)))
        .filter(users::id.ne(user.as_str()).and(users::status.eq(UserStatus::Active.as_str())))
        .filter(users::removed_at.is_null())
        .select(users::id)
        .limit(1)
        .load::<String>(tx.reading())?;
    Ok(if others.is_empty() { Others::None } else { Others::Remain })
}
