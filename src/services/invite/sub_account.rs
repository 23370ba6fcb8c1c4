//! Inviting somebody below a business customer's account: a driver or an owner, an employee or a subsidiary.

use super::{Draft, draft, one};
use crate::{
    db::{accounts, accounts::NewAccount},
    domain::{
        account::{Account, AccountName, AccountStatus, AccountType, MemberRole, UsedBy},
        actor::Actor,
        email::Email,
        ids::AccountId,
        invitation::{Invitation, InvitationKind, InvitedTo},
        locale::Locale,
        permission::Permission,
        reimbursement::Rate,
        role::Roles,
        sight::Sight,
    },
    services::{Refusal, Services, idempotency::Ticket},
};

/// The account above the new one, as the inviter names it.
#[derive(Debug, Clone)]
pub enum Parent {
    /// By id.
    Id(AccountId),
    /// By its exact name, without regard to case.
    Name(AccountName),
}

/// Somebody to be invited below an account.
#[derive(Debug, Clone)]
pub struct SubAccountInvite {
    /// Where the letter goes.
    pub email: Email,
    /// The language of letter and page.
    pub locale: Option<Locale>,
    /// The account above.
    pub parent: Parent,
    /// As what.
    pub role: MemberRole,
    /// By whom the new account is used.
    pub used_by: UsedBy,
    /// EUR per kWh for private charging.
    pub rate: Option<Rate>,
    /// The name of the new account.
    pub name: Option<AccountName>,
    /// The type of the new account; asked for at activation when it is not given.
    pub account_type: Option<AccountType>,
}

/// Invites somebody below an account.
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::AccountNotFound`], [`Refusal::AmbiguousAccount`], [`Refusal::ParentNotBusiness`],
/// [`Refusal::ParentNotActive`], [`Refusal::InvitationPending`], [`Refusal::AlreadyMember`].
pub async fn sub_account(
    services: &Services,
    actor: &Actor,
    invite: SubAccountInvite,
    ticket: Option<Ticket>,
) -> Result<Invitation, Refusal> {
    if !actor.may(Permission::CustomersInvite) && actor.accounts.is_empty() {
        return Err(Refusal::Forbidden(Permission::CustomersInvite.as_str()));
    }
    let parent = find(services, actor, invite.parent.clone()).await?;
    if parent.account_type != Some(AccountType::Business) && parent.status == AccountStatus::Active {
        return Err(Refusal::ParentNotBusiness);
    }
    if parent.status != AccountStatus::Active {
        return Err(match parent.account_type {
            Some(AccountType::Consumer) => Refusal::ParentNotBusiness,
            _ => Refusal::ParentNotActive,
        });
    }
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
        role: invite.role,
        is_new: true,
    };
    let addressed = (InvitationKind::SubAccount, invite.email, invite.locale);
    let invitation = draft(services, actor, addressed, Roles::default(), Some(target));
    one(services, Draft { invitation, account: Some(account) }, ticket).await
}

/// The account above, among those that the caller may see.
async fn find(services: &Services, actor: &Actor, parent: Parent) -> Result<Account, Refusal> {
    let sight = Sight::inviting(actor);
    let mut found = services
        .db
        .read::<_, Refusal>(move |connection| match parent {
            Parent::Id(id) => Ok(accounts::get(connection, id, &sight)?.into_iter().collect()),
            Parent::Name(name) => Ok(accounts::named(connection, &name, &sight)?),
        })
        .await?;
    match (found.pop(), found.is_empty()) {
        (None, _) => Err(Refusal::AccountNotFound),
        (Some(account), true) => Ok(account),
        (Some(last), false) => {
            found.push(last);
            Err(Refusal::AmbiguousAccount(found))
        }
    }
}
