//! Revokes: the link becomes invalid, the letter is withdrawn, and a user or account that was never activated
//! is removed.

use serde_json::json;

use super::{
    ServiceError, Services,
    idempotency::Ticket,
    resend::{authorise, locked},
    timeline::USER_REMOVED,
};
use crate::{
    db::{
        Guarded, Tx, accounts,
        invitations::{self, timeline},
        letters::outbox,
        users, webhooks,
    },
    domain::{
        actor::{Actor, ActorRef},
        event::EventType,
        ids::InvitationId,
        invitation::{Invitation, InvitationState},
        visibility::Visibility,
    },
};

/// Revokes an invitation, expired or not.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Forbidden`], [`ServiceError::RoleExceedsYours`],
/// [`ServiceError::NotPending`].
pub async fn invitation(
    services: &Services,
    actor: &Actor,
    id: InvitationId,
    ticket: Option<Ticket>,
) -> Result<Invitation, ServiceError> {
    let (writer, actor) = (services.clone(), actor.clone());
    services
        .db
        .write(move |tx| {
            let revoked = revoke(&writer, tx, &actor, id)?;
            if let Some(ticket) = &ticket {
                ticket.store(tx, &revoked)?;
            }
            Ok(revoked)
        })
        .await
}

fn revoke(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: InvitationId,
) -> Result<Invitation, ServiceError> {
    let old = locked(tx, id, Visibility::acting(actor))?;
    authorise(tx.reading(), actor, &[&old])?.into_iter().collect::<Result<(), _>>()?;
    end(services, tx, &actor.who, &old)?;
    locked(tx, id, Visibility::everything())
}

/// Revokes an invitation whose user is locked.
///
/// # Errors
/// [`ServiceError::NotPending`].
pub(super) fn end(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &ActorRef,
    old: &Invitation,
) -> Result<(), ServiceError> {
    let (id, now) = (old.id, services.clock.now());
    if old.expires_at <= now {
        webhooks::settle_expired(tx, &[id], now)?;
    }
    if old.state != InvitationState::Pending
        || invitations::revoke(tx, (id, old.generation), now)? == Guarded::Stale
    {
        return Err(ServiceError::NotPending);
    }
    outbox::withdraw(tx, id)?;
    let user_removed = users::remove_if_orphaned(tx, old.user_id, now)?.is_removed();
    let mut details = json!({ USER_REMOVED: user_removed });
    if let Some(account) = old.account.as_ref().filter(|account| account.is_new) {
        details["account_removed"] = accounts::remove_if_orphaned(tx, account.id, now)?.is_removed().into();
    }
    Ok(timeline::insert(tx, &[services.event(id, EventType::Revoked, now, who.clone(), details)])?)
}
