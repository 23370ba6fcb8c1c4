//! Users who were removed before they activated: no list shows them, and what is held about them can be
//! erased.

use diesel::prelude::*;

use super::corrupt;
use crate::{
    db::{Tx, error::DbFault, pool::any_connection::AnyConnection, schema::users, sql::timestamp::At},
    domain::{
        email::Email,
        ids::UserId,
        role::Roles,
        user::{User, UserStatus},
    },
};

/// A user who was removed and is not erased.
pub fn removed(connection: &mut AnyConnection, id: UserId) -> Result<Option<User>, DbFault> {
    let row: Option<(String, At)> = users::table
        .filter(users::id.eq(id.as_str()))
        .filter(users::removed_at.is_not_null().and(users::erased_at.is_null()))
        .select((users::email, users::created_at))
        .first(connection)
        .optional()?;
    let user = |(email, created_at): (String, At)| {
        Ok(User {
            id,
            email: Email::parse(&email).map_err(|_| corrupt("email", id.as_str()))?,
            first_name: None,
            last_name: None,
            status: UserStatus::Invited,
            system_roles: Roles::default(),
            memberships: Vec::new(),
            created_at: Some(created_at.0),
            activated_at: None,
            pending_invitation_id: None,
        })
    };
    row.map(user).transpose()
}

/// [`removed`], locked until the end of the transaction.
pub fn lock_removed(tx: &mut Tx<'_>, id: UserId) -> Result<Option<User>, DbFault> {
    if let AnyConnection::Postgres(c) = tx.writing() {
        let row = users::table.filter(users::id.eq(id.as_str())).select(users::id);
        row.for_no_key_update().load::<String>(c)?;
    }
    removed(tx.reading(), id)
}
