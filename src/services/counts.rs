//! How many invitations and users a caller sees.

use super::{ServiceError, Services, queries::narrow};
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

/// The numbers of invitations, of all kinds that the caller may see or of some. The caller sees the same in
/// the list of invitations.
///
/// # Errors
/// [`ServiceError::Forbidden`] when the caller may see none, or none of one of these kinds.
pub async fn invitations(
    services: &Services,
    actor: &Actor,
    kinds: Vec<InvitationKind>,
) -> Result<InvitationCounts, ServiceError> {
    let seen =
        narrow(Visibility::reading(actor), |reader| reader.of_any(&kinds, Visibility::of_invitations))?;
    let at = (services.clock.now(), services.rules.link_lifetime);
    let count = move |connection: &mut _| counts::invitations(connection, &seen, &kinds, at);
    Ok(services.db.read::<_, DbFault>(count).await?)
}

/// The numbers of users, of all kinds that the caller may see or of some. The caller sees the same in the
/// list of users.
///
/// # Errors
/// As [`invitations`].
pub async fn users(
    services: &Services,
    actor: &Actor,
    kinds: Vec<UserKind>,
) -> Result<UserCounts, ServiceError> {
    let reader = Visibility::reading(actor);
    narrow(reader.clone(), |reader| reader.of_any(&kinds, Visibility::of_users))?;
    let count = move |connection: &mut _| counts::users(connection, &reader, &kinds);
    Ok(services.db.read::<_, DbFault>(count).await?)
}
