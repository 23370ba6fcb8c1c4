//! Invites a system user.

use super::{draft::Draft, new_invitation::new_invitation};
use crate::{
    domain::{
        actor::Actor,
        email::Email,
        invitation::{Invitation, InvitationKind},
        locale::Locale,
        permission::Permission,
        role::Roles,
    },
    services::{ServiceError, Services},
};

/// An invite of a system user.
#[derive(Debug, Clone)]
pub struct SystemUserInvite {
    /// The recipient.
    pub email: Email,
    /// At least one.
    pub roles: Roles,
    /// The language of letter and page.
    pub locale: Option<Locale>,
}

/// Drafts the invitation. The roles must not have more permissions than the caller.
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
    let new = new_invitation(services, actor, InvitationKind::SystemUser, email);
    Ok(Draft::new(actor, Invitation { roles, locale, ..new }, None))
}
