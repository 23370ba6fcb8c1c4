//! Inviting a colleague.

use super::{Draft, draft, one};
use crate::{
    domain::{
        actor::Actor,
        email::Email,
        invitation::{Invitation, InvitationKind},
        locale::Locale,
        permission::Permission,
        role::Roles,
    },
    services::{Refusal, Services, idempotency::Ticket},
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

/// Invites a colleague.
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::RoleExceedsYours`], [`Refusal::InvitationPending`], [`Refusal::AlreadySystemUser`].
pub async fn system_user(
    services: &Services,
    actor: &Actor,
    invite: SystemUserInvite,
    ticket: Option<Ticket>,
) -> Result<Invitation, Refusal> {
    if !actor.may(Permission::SystemUsersInvite) {
        return Err(Refusal::Forbidden(Permission::SystemUsersInvite.as_str()));
    }
    if !actor.may_grant(&invite.roles) {
        return Err(Refusal::RoleExceedsYours);
    }
    let SystemUserInvite { email, roles, locale } = invite;
    let invitation = draft(services, actor, (InvitationKind::SystemUser, email, locale), roles, None);
    one(services, Draft { invitation, account: None }, ticket).await
}
