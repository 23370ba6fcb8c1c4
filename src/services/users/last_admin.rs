//! The last active admin stays: without one, nobody could invite or unblock another.

use serde_json::{Value, json};

use crate::{
    db::{
        Tx,
        users::{admins, profile},
    },
    domain::{
        role::{Role, Roles},
        user::{User, UserStatus},
    },
    services::ServiceError,
};

/// Ends the system roles of a user whose address is proven just now: they may have been granted to another
/// person. The last admin keeps theirs, since one admin must be able to grant them. Returns the details of
/// the audit event.
///
/// # Errors
/// Only when the database fails.
pub(in crate::services) fn end_unproven_roles(tx: &mut Tx<'_>, user: &User) -> Result<Value, ServiceError> {
    if user.system_roles.is_empty() {
        return Ok(json!({}));
    }
    match check(tx, user) {
        Err(ServiceError::LastAdmin) => {
            let user = user.id;
            tracing::warn!(%user, "the last admin keeps the role, although its address was not proven");
            return Ok(json!({}));
        }
        checked => checked?,
    }
    profile::set_roles(tx, user.id, &Roles::default())?;
    Ok(json!({ "roles": { "from": user.system_roles.names(), "to": Roles::default().names() } }))
}

/// Refuses to take the role or the access of the last active admin. Locks all admins, after the user: of
/// several requests that each take one of the last two, one is refused.
///
/// # Errors
/// [`ServiceError::LastAdmin`].
pub(in crate::services) fn check(tx: &mut Tx<'_>, user: &User) -> Result<(), ServiceError> {
    let is_admin = user.system_roles.iter().any(|role| role == Role::Admin);
    if !is_admin || user.status != UserStatus::Active {
        return Ok(());
    }
    match admins::lock_others(tx, user.id)? {
        admins::Others::Remain => Ok(()),
        admins::Others::None => Err(ServiceError::LastAdmin),
    }
}
