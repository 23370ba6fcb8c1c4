//! A new invitation, of any kind.

use crate::{
    domain::{
        actor::Actor,
        email::Email,
        invitation::{Delivery, Invitation, InvitationKind, InvitationState, InvitedTo},
        locale::Locale,
        role::Roles,
    },
    services::Services,
};

/// The fields that every draft shares.
pub(super) fn new_invitation(
    services: &Services,
    actor: &Actor,
    (kind, email, locale): (InvitationKind, Email, Option<Locale>),
    roles: Roles,
    account: Option<InvitedTo>,
) -> Invitation {
    let now = services.clock.now();
    Invitation {
        id: services.clock.id(),
        kind,
        user_id: services.clock.id(),
        email,
        roles,
        locale,
        invited_by: actor.who.clone(),
        state: InvitationState::Pending,
        generation: 1,
        send_count: 1,
        created_at: now,
        last_sent_at: now,
        expires_at: services.rules.link_lifetime.expires_at(now),
        activated_at: None,
        revoked_at: None,
        delivery: Delivery::queued(),
        account,
    }
}
