//! Invites the owner of a new top-level account, or a further owner of an existing account.

use super::{
    draft::Draft,
    named_accounts::{Named, Target},
    new_invitation::new_invitation,
};
use crate::{
    db::accounts::NewAccount,
    domain::{
        account::{Account, AccountName, AccountStatus, AccountType},
        actor::Actor,
        email::Email,
        ids::AccountId,
        invitation::{Invitation, InvitationKind, InvitedTo},
        locale::Locale,
        permission::Permission,
        sub_account::MemberRole,
    },
    services::{ServiceError, Services},
};

/// An invite of an owner.
#[derive(Debug, Clone)]
pub struct OwnerInvite {
    /// The recipient.
    pub email: Email,
    /// The language of letter and page.
    pub locale: Option<Locale>,
    /// The existing account; `None` creates a new one.
    pub account_id: Option<AccountId>,
    /// The name of the new account; if `None`, it is required at activation.
    pub account_name: Option<AccountName>,
    /// The type of the new account; likewise.
    pub account_type: Option<AccountType>,
}

/// Drafts the invitation, to a new account or an existing one.
pub(super) fn draft(
    services: &Services,
    actor: &Actor,
    invite: OwnerInvite,
    named: &Named,
) -> Result<Draft, ServiceError> {
    match invite.account_id {
        Some(id) => further(services, actor, invite, id, named),
        None if actor.may(Permission::CustomersInvite) => Ok(first(services, actor, invite)),
        None => Err(ServiceError::Forbidden(Permission::CustomersInvite.as_str())),
    }
}

fn first(services: &Services, actor: &Actor, invite: OwnerInvite) -> Draft {
    let account = NewAccount {
        id: services.clock.id(),
        name: invite.account_name,
        account_type: invite.account_type,
        parent: None,
        rate: None,
        at: services.clock.now(),
    };
    let target = InvitedTo {
        id: account.id,
        name: account.name.as_ref().map(|name| name.as_str().to_owned()),
        parent_account_id: None,
        used_by: None,
        account_type: account.account_type,
        rate: account.rate,
        role: MemberRole::AccountOwner,
        is_new: true,
    };
    let new = new_invitation(services, actor, InvitationKind::AccountOwner, invite.email);
    let invitation = Invitation { locale: invite.locale, account: Some(target), ..new };
    Draft::new(actor, invitation, Some(account))
}

fn further(
    services: &Services,
    actor: &Actor,
    invite: OwnerInvite,
    id: AccountId,
    named: &Named,
) -> Result<Draft, ServiceError> {
    let staff = actor.may(Permission::CustomersInvite);
    if !staff && actor.accounts_for(Permission::CustomersInvite).is_empty() {
        return Err(ServiceError::Forbidden(Permission::CustomersInvite.as_str()));
    }
    let Account { name, parent_account_id, used_by, account_type, rate, status, .. } =
        named.one(&Target::Id(id))?;
    if status != AccountStatus::Active {
        return Err(ServiceError::ParentNotActive);
    }
    if !staff && account_type != Some(AccountType::Business) {
        // A consumer's account has one person: staff may add another owner, its owner may not.
        return Err(ServiceError::Forbidden(Permission::CustomersInvite.as_str()));
    }
    let role = MemberRole::AccountOwner;
    let target = InvitedTo { id, name, parent_account_id, used_by, account_type, rate, role, is_new: false };
    let new = new_invitation(services, actor, InvitationKind::AccountOwner, invite.email);
    let invitation = Invitation { locale: invite.locale, account: Some(target), ..new };
    Ok(Draft::new(actor, invitation, None))
}
