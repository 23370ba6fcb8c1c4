//! Whether a caller may still act on invitations: checked for a retry, before the answer of the first request
//! is replayed.

use std::collections::HashMap;

use super::core::authorise;
use crate::{
    db::{invitations, users},
    domain::{
        actor::Actor,
        ids::{InvitationId, UserId},
        visibility::Visibility,
    },
    services::{ServiceError, Services},
};

/// Whether the caller may resend and revoke these invitations, in any state.
///
/// Refusals are [`ServiceError::NotFound`], [`ServiceError::Forbidden`] and
/// [`ServiceError::RoleExceedsYours`].
///
/// # Errors
/// Only when the database fails.
pub async fn over_invitations(
    services: &Services,
    actor: &Actor,
    ids: Vec<InvitationId>,
) -> Result<HashMap<InvitationId, Result<(), ServiceError>>, ServiceError> {
    let actor = actor.clone();
    let look = move |connection: &mut _| {
        let found = invitations::of_ids(connection, &ids, Visibility::acting(&actor))?;
        let allowed = authorise(connection, &actor, &found.iter().collect::<Vec<_>>())?;
        let mut authority: HashMap<_, _> =
            ids.iter().copied().map(|id| (id, Err(ServiceError::NotFound))).collect();
        authority.extend(found.into_iter().map(|one| one.id).zip(allowed));
        Ok(authority)
    };
    services.db.read(look).await
}

/// Whether the caller may resend and revoke this invitation.
///
/// # Errors
/// The refusals of [`over_invitations`].
pub async fn over_invitation(
    services: &Services,
    actor: &Actor,
    id: InvitationId,
) -> Result<(), ServiceError> {
    over_invitations(services, actor, vec![id]).await?.remove(&id).unwrap_or(Err(ServiceError::NotFound))
}

/// Whether the caller may know of this user.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn over_user(services: &Services, actor: &Actor, id: UserId) -> Result<(), ServiceError> {
    let visibility = Visibility::acting(actor);
    let look = move |connection: &mut _| {
        users::get(connection, id, visibility.clone())?.map(drop).ok_or(ServiceError::NotFound)
    };
    services.db.read(look).await
}
