//! The last active admin stays: without one, nobody could invite or unblock another.

use crate::{
    db::{Tx, users::admins},
    domain::{
        role::Role,
        user::{User, UserStatus},
    },
    services::ServiceError,
};

/// Refuses to take the role or the access of the last active admin. Locks all admins, after the user: of
/// several requests that each take one of the last two, one is refused.
///
/// # Errors
/// [`ServiceError::LastAdmin`].
pub(super) fn check(tx: &mut Tx<'_>, user: &User) -> Result<(), ServiceError> {
    let is_admin = user.system_roles.iter().any(|role| role == Role::Admin);
    if !is_admin || user.status != UserStatus::Active {
        return Ok(());
    }
    match admins::lock_others(tx, user.id)? {
        admins::Others::Remain => Ok(()),
        admins::Others::None => Err(ServiceError::LastAdmin),
    }
}
