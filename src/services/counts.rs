//! How many invitations and users a caller sees.

use super::{ServiceError, Services};
use crate::{
    db::{DbFault, counts},
    domain::{
        actor::Actor,
        counts::{InvitationCounts, UserCounts},
        invitation::InvitationKind,
        user::UserKind,
        visibility::Visibility,
    },
};

/// The answer to a caller who may see none.
const FORBIDDEN: ServiceError = ServiceError::Forbidden("system_users:read or customers:read");

/// The numbers of invitations, of all kinds that the caller may see or of one. The caller sees the same in
/// the list of invitations.
///
/// # Errors
/// [`ServiceError::Forbidden`] when the caller may see none, or none of this kind.
pub async fn invitations(
    services: &Services,
    actor: &Actor,
    kind: Option<InvitationKind>,
) -> Result<InvitationCounts, ServiceError> {
    let reader = Visibility::reading(actor);
    let seen = match kind {
        _ if reader.is_empty() => None,
        Some(kind) => reader.of_invitations(kind),
        None => Some(reader),
    };
    let seen = seen.ok_or(FORBIDDEN)?;
    let at = (services.clock.now(), services.rules.link_lifetime);
    let count = move |connection: &mut _| counts::invitations(connection, &seen, kind, at);
    Ok(services.db.read::<_, DbFault>(count).await?)
}

/// The numbers of users, of all kinds that the caller may see or of one. The caller sees the same in the list
/// of users.
///
/// # Errors
/// As [`invitations`].
pub async fn users(
    services: &Services,
    actor: &Actor,
    kind: Option<UserKind>,
) -> Result<UserCounts, ServiceError> {
    let reader = Visibility::reading(actor);
    let is_visible = match kind {
        Some(kind) => reader.clone().of_users(kind).is_some(),
        None => !reader.is_empty(),
    };
    if !is_visible {
        return Err(FORBIDDEN);
    }
    let count = move |connection: &mut _| counts::users(connection, &reader, kind);
    Ok(services.db.read::<_, DbFault>(count).await?)
}
