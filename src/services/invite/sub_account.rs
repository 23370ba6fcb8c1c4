//! Invites a user to a sub-account of a business customer: a driver or an owner, an employee or a subsidiary.

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
        invitation::{Invitation, InvitationKind, InvitedTo},
        locale::Locale,
        permission::Permission,
        reimbursement::Rate,
        sub_account::{MemberRole, UsedBy},
    },
    services::{ServiceError, Services},
};

/// An invite to a sub-account.
#[derive(Debug, Clone)]
pub struct SubAccountInvite {
    /// The recipient.
    pub email: Email,
    /// The language of letter and page.
    pub locale: Option<Locale>,
    /// The parent account.
    pub parent: Target,
    /// The role.
    pub role: MemberRole,
    /// Who uses the new account.
    pub used_by: UsedBy,
    /// EUR per kWh for private charging.
    pub rate: Option<Rate>,
    /// The name of the new account.
    pub name: Option<AccountName>,
    /// The type of the new account; if `None`, it is required at activation.
    pub account_type: Option<AccountType>,
}

/// Drafts the invitation, to a new account below an active business account.
pub(super) fn draft(
    services: &Services,
    actor: &Actor,
    invite: SubAccountInvite,
    named: &Named,
) -> Result<Draft, ServiceError> {
    if !actor.may(Permission::CustomersInvite) && actor.accounts_for(Permission::CustomersInvite).is_empty() {
        return Err(ServiceError::Forbidden(Permission::CustomersInvite.as_str()));
    }
    let parent = named.one(&invite.parent)?;
    check_parent(&parent)?;
    let account = NewAccount {
        id: services.clock.id(),
        name: invite.name,
        account_type: invite.account_type,
        parent: Some((parent.id, invite.used_by)),
        rate: invite.rate,
        at: services.clock.now(),
    };
    let target = InvitedTo {
        id: account.id,
        name: account.name.as_ref().map(|name| name.as_str().to_owned()),
        parent_account_id: Some(parent.id),
        used_by: Some(invite.used_by),
        account_type: account.account_type,
        rate: account.rate,
        role: invite.role,
        is_new: true,
    };
    let new = new_invitation(services, actor, InvitationKind::SubAccount, invite.email);
    let invitation = Invitation { locale: invite.locale, account: Some(target), ..new };
    Ok(Draft::new(actor, invitation, Some(account)))
}

fn check_parent(parent: &Account) -> Result<(), ServiceError> {
    match (parent.status == AccountStatus::Active, parent.account_type) {
        (true, Some(AccountType::Business)) => Ok(()),
        (true, _) | (false, Some(AccountType::Consumer)) => Err(ServiceError::ParentNotBusiness),
        (false, _) => Err(ServiceError::ParentNotActive),
    }
}
