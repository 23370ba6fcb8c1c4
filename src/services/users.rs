//! Changes to users after their activation: names, system roles, blocking; erasing and exporting users.

pub mod block;
pub mod erase;
pub mod export;
pub(super) mod last_admin;
pub mod update;

use super::{ServiceError, update::Condition};
use crate::{
    db::{AnyConnection, users},
    domain::{actor::Actor, ids::UserId, user::User, visibility::Visibility},
};

/// Whether the caller is this user.
fn is_self(actor: &Actor, id: UserId) -> bool {
    actor.person() == Some(id)
}

/// The user as the caller may see them; a person sees themselves whole.
fn visible(connection: &mut AnyConnection, actor: &Actor, id: UserId) -> Result<User, ServiceError> {
    let visibility = if is_self(actor, id) { Visibility::everything() } else { Visibility::reading(actor) };
    users::get(connection, id, visibility)?.ok_or(ServiceError::NotFound)
}

/// The user, and whether the caller's permissions include all that the user has: a caller may not act on a
/// user who may do more.
fn with_roles(connection: &mut AnyConnection, actor: &Actor, id: UserId) -> Result<User, ServiceError> {
    let whole = users::get(connection, id, Visibility::everything())?.ok_or(ServiceError::NotFound)?;
    if actor.may_grant(&whole.system_roles) { Ok(whole) } else { Err(ServiceError::RoleExceedsYours) }
}

/// Compares the state that a change is meant for with the present one; a change that names none is meant for
/// any.
fn check_optional(
    condition: &Condition,
    seen: &User,
    tag_of: fn(&User) -> String,
) -> Result<(), ServiceError> {
    match condition {
        Condition::Absent | Condition::Any => Ok(()),
        Condition::OneOf(tags) if tags.contains(&tag_of(seen)) => Ok(()),
        Condition::OneOf(_) | Condition::Never(_) => {
            Err(ServiceError::UserPreconditionFailed(Box::new(seen.clone())))
        }
    }
}
