//! Gives an API client a new secret, beside which the old one works for a time.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{IssuedSecret, admit, may_grant, new_secret};
use crate::{
    db::{self, AnyConnection, Tx, api_clients},
    domain::{
        actor::Actor,
        api_client::{ApiClient, ApiClientStatus, SecretRecord},
        audit::{AuditAction, AuditOutcome},
        ids::ClientId,
        visibility::Visibility,
    },
    services::{ServiceError, Services, audit, idempotency::Ticket},
};

/// Makes a new secret. The newest one before it works for `overlap` longer; one that is older still, and was
/// waiting for its end, stops at once: no client has more than two.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::ScopeExceedsYours`] for a client
/// that the caller could not make, [`ServiceError::ApiClientRevoked`], [`ServiceError::ApiClientExpired`].
pub async fn rotate(
    services: &Services,
    actor: &Actor,
    (id, overlap): (ClientId, TimeDelta),
    ticket: Option<Ticket<IssuedSecret>>,
) -> Result<IssuedSecret, ServiceError> {
    let (services_of, actor) = (services.clone(), actor.clone());
    services
        .db
        .write(move |tx| {
            api_clients::lock(tx, id)?;
            let now = services_of.clock.now();
            let client = may_change(tx.reading(), &actor, id)?;
            check(&client, now)?;
            replace(tx, &client, &new_secret(&services_of, id)?, (now, overlap))?;
            let details = json!({ "old_secret_expires_in": overlap.num_seconds() });
            let done = (AuditAction::ApiClientRotated, AuditOutcome::Succeeded);
            let event = audit::event(&services_of.clock, done, actor.who.clone(), id.to_string(), details);
            db::audit::insert(tx, &[event])?;
            let issued = IssuedSecret { client: may_change(tx.reading(), &actor, id)? };
            if let Some(ticket) = &ticket {
                ticket.store(tx, &issued)?;
            }
            Ok(issued)
        })
        .await
}

fn check(client: &ApiClient, now: DateTime<Utc>) -> Result<(), ServiceError> {
    match client.status(now) {
        ApiClientStatus::Active => Ok(()),
        ApiClientStatus::Expired => Err(ServiceError::ApiClientExpired),
        ApiClientStatus::Revoked => Err(ServiceError::ApiClientRevoked),
    }
}

fn replace(
    tx: &mut Tx<'_>,
    client: &ApiClient,
    new: &SecretRecord,
    (now, overlap): (DateTime<Utc>, TimeDelta),
) -> Result<(), ServiceError> {
    let newest = client.live_secrets(now).next().filter(|_| overlap > TimeDelta::zero());
    let kept: Vec<_> = newest.iter().map(|secret| secret.id).collect();
    api_clients::delete_others(tx, client.id, &kept)?;
    if let Some(newest) = newest {
        api_clients::expire(tx, newest.id, now + overlap)?;
    }
    Ok(api_clients::insert_secret(tx, client.id, new)?)
}

/// The client, if the caller may see it and could make it.
fn may_change(
    connection: &mut AnyConnection,
    actor: &Actor,
    id: ClientId,
) -> Result<ApiClient, ServiceError> {
    admit(actor)?;
    let client = api_clients::get(connection, id, &Visibility::clients(actor))?;
    let client = client.ok_or(ServiceError::NotFound)?;
    may_grant(connection, actor, (&client.scopes, client.account))?;
    Ok(client)
}

/// Whether the caller may rotate this client, whatever its state.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::ScopeExceedsYours`].
pub async fn authorise(services: &Services, actor: &Actor, id: ClientId) -> Result<(), ServiceError> {
    let actor = actor.clone();
    services.db.read(move |connection| may_change(connection, &actor, id).map(drop)).await
}
