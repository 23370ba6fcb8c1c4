//! Inviting a colleague.

use super::{Draft, invitation};
use crate::{
    domain::{
        actor::Actor, email::Email, invitation::InvitationKind, locale::Locale, permission::Permission,
        role::Roles,
    },
    services::{ServiceError, Services},
};

/// A colleague to be invited.
#[derive(Debug, Clone)]
pub struct SystemUserInvite {
    /// Where the letter goes.
    pub email: Email,
    /// At least one.
    pub roles: Roles,
    /// The language of letter and page.
    pub locale: Option<Locale>,
}

/// What is made of it: a colleague is invited by whoever may, into roles that allow no more than theirs.
pub(super) fn draft(
    services: &Services,
    actor: &Actor,
    invite: SystemUserInvite,
) -> Result<Draft, ServiceError> {
    if !actor.may(Permission::SystemUsersInvite) {
        return Err(ServiceError::Forbidden(Permission::SystemUsersInvite.as_str()));
    }
    if !actor.may_grant(&invite.roles) {
        return Err(ServiceError::RoleExceedsYours);
    }
    let SystemUserInvite { email, roles, locale } = invite;
    let invitation = invitation(services, actor, (InvitationKind::SystemUser, email, locale), roles, None);
    Ok(Draft::new(actor, invitation, None))
}
