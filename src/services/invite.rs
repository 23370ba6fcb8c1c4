//! Invites: writes users, accounts, invitations, timeline and letters in one transaction.

pub mod batch;
mod conflicts;
mod draft;
mod named_accounts;
mod new_invitation;
mod outcome;
mod owner;
mod queue;
mod sub_account;
mod system_user;
mod write;

use self::named_accounts::Named;
pub(super) use self::{
    conflicts::{find_conflict, replace},
    write::entered,
};
pub use self::{
    draft::Draft,
    named_accounts::Target,
    outcome::{Outcome, Sent},
    owner::OwnerInvite,
    queue::{Queue, queue},
    sub_account::SubAccountInvite,
    system_user::SystemUserInvite,
    write::invite_many,
};
use super::{ServiceError, Services, idempotency::Ticket};
use crate::{
    db::DbFault,
    domain::{
        actor::Actor,
        invitation::{Delivery, DeliveryMethod},
        visibility::Visibility,
    },
};

/// An invite of one person.
#[derive(Debug, Clone)]
pub enum Invite {
    /// To become a system user.
    SystemUser(SystemUserInvite),
    /// To become the owner of an account.
    AccountOwner(OwnerInvite),
    /// To a sub-account of a business customer.
    SubAccount(SubAccountInvite),
}

impl Invite {
    /// The account that it names.
    fn target(&self) -> Option<Target> {
        match self {
            Self::SystemUser(_) => None,
            Self::AccountOwner(invite) => invite.account_id.map(Target::Id),
            Self::SubAccount(invite) => Some(invite.parent.clone()),
        }
    }
}

/// Whether the caller may invite at all.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub fn may_invite(actor: &Actor) -> Result<(), ServiceError> {
    if Visibility::inviting(actor).is_empty() {
        Err(ServiceError::Forbidden("system_users:invite or customers:invite"))
    } else {
        Ok(())
    }
}

/// Checks each invite against the caller's permissions and the accounts that it names, and drafts those that
/// pass.
///
/// Refusals are [`ServiceError::Forbidden`], [`ServiceError::RoleExceedsYours`],
/// [`ServiceError::AccountNotFound`], [`ServiceError::AmbiguousAccount`], [`ServiceError::ParentNotBusiness`]
/// and [`ServiceError::ParentNotActive`].
///
/// # Errors
/// Only when the database fails.
pub async fn drafts(
    services: &Services,
    actor: &Actor,
    invites: Vec<Invite>,
) -> Result<Vec<Result<Draft, ServiceError>>, DbFault> {
    let named = Named::look_up(services, actor, invites.iter().filter_map(Invite::target)).await?;
    let draft = |invite| match invite {
        Invite::SystemUser(invite) => system_user::draft(services, actor, invite),
        Invite::AccountOwner(invite) => owner::draft(services, actor, invite, &named),
        Invite::SubAccount(invite) => sub_account::draft(services, actor, invite, &named),
    };
    Ok(invites.into_iter().map(draft).collect())
}

/// Whether the caller has the permission for each of these, regardless of other refusals: checked for a retry
/// before the answer of the first request is replayed.
///
/// Refusals are [`ServiceError::Forbidden`], [`ServiceError::RoleExceedsYours`] and
/// [`ServiceError::AccountNotFound`].
///
/// # Errors
/// Only when the database fails.
pub async fn authorise(
    services: &Services,
    actor: &Actor,
    invites: Vec<Invite>,
) -> Result<Vec<Result<(), ServiceError>>, ServiceError> {
    Ok(drafts(services, actor, invites).await?.into_iter().map(ServiceError::authority).collect())
}

/// Invites one person.
///
/// # Errors
/// Those of [`drafts`]; [`ServiceError::InvitationPending`], [`ServiceError::AlreadySystemUser`],
/// [`ServiceError::AlreadyAccountOwner`], [`ServiceError::AlreadyMember`], [`ServiceError::LettersSpent`].
pub async fn one(
    services: &Services,
    actor: &Actor,
    (invite, way): (Invite, DeliveryMethod),
    ticket: Option<Ticket>,
) -> Result<Sent, ServiceError> {
    let none = || ServiceError::Defect("an invite had no outcome".to_owned());
    let mut draft = drafts(services, actor, vec![invite]).await?.pop().ok_or_else(none)??;
    draft.invitation.delivery = Delivery::by(way);
    let invited = services.invites.run((draft, ticket)).await?.into_result()?;
    services.outbox_wakeup.notify_one();
    Ok(invited)
}
