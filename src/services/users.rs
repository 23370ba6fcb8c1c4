//! Changes to users after their activation: names, system roles, blocking.

pub mod block;
pub(super) mod last_admin;
pub mod update;

use super::ServiceError;
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
