//! Resending: the same invitation, a new link; the old link dies in the same transaction.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Refusal, Services, idempotency::Ticket};
use crate::{
    db::{
        Tx, accounts, events, invitations,
        invitations::{InvitationFilter, Place},
        outbox,
        outbox::NewLetter,
        users,
    },
    domain::{
        account::AccountType,
        actor::{Actor, ActorRef},
        event::EventType,
        ids::{InvitationId, UserId},
        invitation::{Delivery, DeliveryState, Invitation, InvitationKind, InvitationState},
        permission::Permission,
        sight::Sight,
    },
};

/// Sends a fresh link for an invitation that awaits an answer, expired or not.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::RoleExceedsYours`], [`Refusal::NotPending`],
/// [`Refusal::InvitationPending`] when a newer invitation took its place, [`Refusal::TooSoon`].
pub async fn invitation(
    services: &Services,
    actor: &Actor,
    id: InvitationId,
    ticket: Option<Ticket>,
) -> Result<Invitation, Refusal> {
    let (writer, caller) = (services.clone(), actor.clone());
    let resent = services
        .db
        .write::<_, Refusal>(move |tx| {
            let old = locked(tx, id)?;
            authorise(tx, &caller, &old)?;
            let fresh = resend(&writer, tx, &caller.who, &old)?;
            if let Some(ticket) = &ticket {
                ticket.store(tx, &fresh)?;
            }
            Ok(fresh)
        })
        .await?;
    services.bell.notify_one();
    Ok(resent)
}

/// Sends a fresh link for the one invitation of a user that awaits an answer: the button on the user's page.
///
/// # Errors
/// As [`invitation`]; [`Refusal::Ambiguous`] when several await an answer, [`Refusal::NotPending`] when none does,
/// [`Refusal::Forbidden`] when none could be resent by this caller anyway.
pub async fn user(services: &Services, actor: &Actor, user: UserId, ticket: Option<Ticket>) -> Result<Invitation, Refusal> {
    let sight = Sight::acting(actor);
    let pending = services
        .db
        .read::<_, Refusal>(move |connection| {
            users::get(connection, user, sight.clone())?.ok_or(Refusal::NotFound)?;
            let filter = InvitationFilter { user: Some(user), unanswered: true, ..InvitationFilter::all(sight, 200) };
            Ok(invitations::list(connection, &filter)?)
        })
        .await?;
    let may_invite =
        actor.may(Permission::SystemUsersInvite) || actor.may(Permission::CustomersInvite) || !actor.accounts.is_empty();
    match pending.as_slice() {
        [] if !may_invite => Err(Refusal::Forbidden("system_users:invite or customers:invite")),
        [] => Err(Refusal::NotPending),
        [one] => invitation(services, actor, one.id, ticket).await,
        _ => Err(Refusal::Ambiguous(pending)),
    }
}

/// Whether the caller may send, resend and revoke invitations like this one: by permission, or as the owner of the account
/// that it leads into.
///
/// # Errors
/// [`Refusal::NotFound`] when the caller may not even see it.
pub(super) fn authorise(tx: &mut Tx<'_>, actor: &Actor, invitation: &Invitation) -> Result<(), Refusal> {
    let permission = match invitation.kind {
        InvitationKind::SystemUser => Permission::SystemUsersInvite,
        InvitationKind::AccountOwner | InvitationKind::SubAccount => Permission::CustomersInvite,
    };
    invitations::get(tx.reading(), invitation.id, Sight::acting(actor))?.ok_or(Refusal::NotFound)?;
    if actor.may(permission) {
        return if actor.may_grant(&invitation.roles) { Ok(()) } else { Err(Refusal::RoleExceedsYours) };
    }
    let owns = match &invitation.account {
        Some(target) => {
            let into = if target.is_new { target.parent_account_id } else { Some(target.id) };
            // The owner of a consumer's account invites nobody, and so resends and revokes nothing.
            let manages = target.is_new || target.account_type == Some(AccountType::Business);
            match into.filter(|_| manages) {
                Some(id) => accounts::is_under(tx.reading(), id, &actor.accounts)?,
                None => false,
            }
        }
        None => false,
    };
    if owns { Ok(()) } else { Err(Refusal::Forbidden(permission.as_str())) }
}

/// The invitation, with the person's row locked: until the transaction ends nobody else changes it.
pub(super) fn locked(tx: &mut Tx<'_>, id: InvitationId) -> Result<Invitation, Refusal> {
    let find = |tx: &mut Tx<'_>| invitations::get(tx.reading(), id, Sight::everything());
    let found = find(tx)?.ok_or(Refusal::NotFound)?;
    users::lock(tx, found.user_id)?;
    find(tx)?.ok_or(Refusal::NotFound)
}

/// Gives a locked invitation a new link, and puts its letter into the outbox.
pub(super) fn resend(services: &Services, tx: &mut Tx<'_>, who: &ActorRef, old: &Invitation) -> Result<Invitation, Refusal> {
    let (id, now) = (old.id, services.clock.now());
    match old.state {
        InvitationState::Pending => wait(services, old, now)?,
        InvitationState::Replaced => return Err(successor(tx, old)?),
        InvitationState::Activated | InvitationState::Revoked => return Err(Refusal::NotPending),
    }
    let fresh = Invitation {
        generation: old.generation + 1,
        send_count: old.send_count + 1,
        last_sent_at: now,
        expires_at: services.expiry(now),
        delivery: Delivery { state: DeliveryState::Queued, attempts: 0, last_error: None, sent_at: None },
        ..old.clone()
    };
    if !invitations::renew(tx, old, now, fresh.expires_at)? {
        return Err(Refusal::NotPending);
    }
    outbox::withdraw(tx, id)?;
    outbox::insert(tx, &[NewLetter::of(services.clock.id(), id, fresh.generation, now)])?;
    let details = json!({ "send_count": fresh.send_count });
    let entry = |event| services.event(id, event, now, who.clone(), details.clone());
    events::insert(tx, &[entry(EventType::Resent), entry(EventType::EmailQueued)])?;
    Ok(fresh)
}

/// Two sendings of one invitation keep their distance.
fn wait(services: &Services, invitation: &Invitation, now: DateTime<Utc>) -> Result<(), Refusal> {
    let cooldown = TimeDelta::from_std(services.rules.resend_cooldown).unwrap_or_default();
    let left = invitation.last_sent_at + cooldown - now;
    if left <= TimeDelta::zero() {
        return Ok(());
    }
    // Rounded up: a caller who waits exactly as told is not refused again.
    let seconds = left.num_milliseconds().unsigned_abs().div_ceil(1000);
    Err(Refusal::TooSoon(seconds))
}

/// Why a replaced invitation is not resent: the one that took its place, while that one awaits an answer.
fn successor(tx: &mut Tx<'_>, old: &Invitation) -> Result<Refusal, Refusal> {
    let place = Place::of(old);
    let pending = invitations::pending(tx.reading(), &[old.email.key()])?;
    let newer = pending.into_iter().find(|one| one.place == place);
    Ok(newer.map_or(Refusal::NotPending, |newer| Refusal::InvitationPending(newer.id)))
}
