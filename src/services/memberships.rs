//! Ends memberships: staff and owners remove people from an account, and people leave it. The last owner of
//! an account cannot be removed.

use serde_json::json;

use super::{ServiceError, Services, session};
use crate::{
    db::{
        Guarded, Tx, accounts,
        invitations::{self, timeline},
        users::{self, memberships},
    },
    domain::{
        actor::Actor,
        event::EventType,
        ids::{AccountId, UserId},
        permission::Permission,
        sub_account::MemberRole,
        visibility::Visibility,
    },
};

/// Removes a user from an account, an owner or a driver.
///
/// # Errors
/// [`ServiceError::NotFound`] when there is no such membership, or none that the caller may see;
/// [`ServiceError::Forbidden`] when they may see it and not end it; [`ServiceError::LastOwner`].
pub async fn remove(
    services: &Services,
    actor: &Actor,
    account: AccountId,
    user: UserId,
) -> Result<(), ServiceError> {
    let (writer, actor) = (services.clone(), actor.clone());
    services
        .db
        .write(move |tx| {
            lock(tx, account, user)?;
            // The caller's permissions are read again after the lock: they may have been removed meanwhile,
            // perhaps by the user whom they want to remove.
            let actor = session::narrowed(tx.reading(), actor.clone(), writer.rules.staff_passwords)?
                .ok_or(ServiceError::NotFound)?;
            let own = actor.accounts_for(Permission::CustomersInvite);
            let is_under = !accounts::under(tx.reading(), &[account], own)?.is_empty();
            let role = memberships::role(tx.reading(), user, account)?;
            let role = role
                .filter(|_| is_under || Visibility::acting(&actor).customers)
                .ok_or(ServiceError::NotFound)?;
            if !is_under && !actor.may(Permission::CustomersInvite) {
                return Err(ServiceError::Forbidden(Permission::CustomersInvite.as_str()));
            }
            end(&writer, tx, &actor, (account, user, role))
        })
        .await
}

/// Ends the caller's own membership of an account.
///
/// # Errors
/// [`ServiceError::NotAPerson`], [`ServiceError::NotFound`] when they are no
/// member, [`ServiceError::LastOwner`].
pub async fn leave(services: &Services, actor: &Actor, account: AccountId) -> Result<(), ServiceError> {
    let person = actor.person();
    let user = person.ok_or(ServiceError::NotAPerson)?;
    let (writer, actor) = (services.clone(), actor.clone());
    services
        .db
        .write(move |tx| {
            lock(tx, account, user)?;
            let role = memberships::role(tx.reading(), user, account)?.ok_or(ServiceError::NotFound)?;
            end(&writer, tx, &actor, (account, user, role))
        })
        .await
}

/// Locks the user first, in the order of all transactions that change memberships; then the account, so that
/// of two owners who leave at once, or remove each other, one is refused as the last.
fn lock(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<(), ServiceError> {
    users::lock(tx, user)?.ok_or(ServiceError::NotFound)?;
    Ok(memberships::lock_account(tx, account)?)
}

fn end(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    (account, user, role): (AccountId, UserId, MemberRole),
) -> Result<(), ServiceError> {
    let is_accepted_by_person = memberships::is_accepted_by_person(tx.reading(), user, account)?;
    // A membership that another person accepted with this address does not make its user the last owner.
    if is_accepted_by_person
        && role == MemberRole::AccountOwner
        && !memberships::has_other_owner(tx.reading(), account, user)?
    {
        return Err(ServiceError::LastOwner);
    }
    if memberships::end(tx, user, account)? == Guarded::Stale {
        return Err(ServiceError::NotFound);
    }
    record(services, tx, actor, (account, user, role), is_accepted_by_person)?;
    tracing::info!(%account, %user, by = actor.who.kind.as_str(), "a membership ended");
    Ok(())
}

/// Records the actor and the membership in the timeline of the invitation by which the user had joined.
fn record(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    (account, user, role): (AccountId, UserId, MemberRole),
    is_accepted_by_person: bool,
) -> Result<(), ServiceError> {
    let Some(id) = memberships::joined_by(tx.reading(), user, account)? else { return Ok(()) };
    let (now, details) = (services.clock.now(), json!({ "account_id": account, "roles": [role.as_str()] }));
    let mut who = actor.who.clone();
    if who.id == user.to_string() && !is_accepted_by_person {
        // The user did not accept this membership, so readers of the timeline may see only the address.
        let invitation =
            invitations::get(tx.reading(), id, Visibility::everything())?.ok_or(ServiceError::NotFound)?;
        invitation.email.as_str().clone_into(&mut who.name);
    }
    timeline::insert(tx, &[services.event(id, EventType::MembershipEnded, now, who, details)])?;
    Ok(())
}
