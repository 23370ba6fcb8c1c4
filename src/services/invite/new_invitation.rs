//! A new invitation, of any kind.

use crate::{
    domain::{
        actor::Actor,
        email::Email,
        invitation::{Invitation, InvitationKind},
    },
    services::Services,
};

/// What every draft begins with: see [`Invitation::new`].
pub(super) fn new_invitation(
    services: &Services,
    actor: &Actor,
    kind: InvitationKind,
    email: Email,
) -> Invitation {
    let now = services.clock.now();
    Invitation::new(
        (services.clock.id(), services.clock.id()),
        (kind, email),
        actor.who.clone(),
        (now, services.rules.link_lifetime.expires_at(now)),
    )
}
