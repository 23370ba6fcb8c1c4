//! Gives a webhook endpoint a new secret, beside which the old one signs for a time.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{IssuedEndpoint, may_change, new_secret, visible};
use crate::{
    db::{self, Tx, webhooks},
    domain::{
        actor::Actor,
        audit::{AuditAction, AuditOutcome},
        ids::WebhookEndpointId,
        webhooks::{WebhookEndpoint, WebhookSecretRecord},
    },
    services::{ServiceError, Services, audit, idempotency::Ticket},
};

/// Makes a new secret. Webhooks are signed with the newest one before it, too, for `overlap` longer; one that
/// is older still stops at once: no endpoint has more than two.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::ScopeExceedsYours`].
pub async fn rotate(
    services: &Services,
    actor: &Actor,
    (id, overlap): (WebhookEndpointId, TimeDelta),
    ticket: Option<Ticket<IssuedEndpoint>>,
) -> Result<IssuedEndpoint, ServiceError> {
    let (writer, actor) = (services.clone(), actor.clone());
    services
        .db
        .write(move |tx| {
            webhooks::lock(tx, id)?;
            let now = writer.clock.now();
            let endpoint = may_change(tx.reading(), &actor, id)?;
            replace(tx, &endpoint, &new_secret(&writer, id)?, (now, overlap))?;
            let details = json!({ "old_secret_expires_in": overlap.num_seconds() });
            let done = (AuditAction::WebhookEndpointRotated, AuditOutcome::Succeeded);
            let event = audit::event(&writer.clock, done, actor.who.clone(), id.to_string(), details);
            db::audit::insert(tx, &[event])?;
            let issued = IssuedEndpoint { endpoint: visible(tx.reading(), &actor, id)? };
            if let Some(ticket) = &ticket {
                ticket.store(tx, &issued)?;
            }
            Ok(issued)
        })
        .await
}

fn replace(
    tx: &mut Tx<'_>,
    endpoint: &WebhookEndpoint,
    new: &WebhookSecretRecord,
    (now, overlap): (DateTime<Utc>, TimeDelta),
) -> Result<(), ServiceError> {
    let newest = endpoint.live_secrets(now).next().filter(|_| overlap > TimeDelta::zero());
    let kept: Vec<_> = newest.iter().map(|secret| secret.id).collect();
    webhooks::delete_other_secrets(tx, endpoint.id, &kept)?;
    if let Some(newest) = newest {
        webhooks::expire_secret(tx, newest.id, now + overlap)?;
    }
    Ok(webhooks::insert_secret(tx, endpoint.id, new)?)
}

/// Whether the caller may rotate the secret of this endpoint.
///
/// # Errors
/// As [`rotate`].
pub async fn authorise(
    services: &Services,
    actor: &Actor,
    id: WebhookEndpointId,
) -> Result<(), ServiceError> {
    let actor = actor.clone();
    services.db.read(move |connection| may_change(connection, &actor, id).map(drop)).await
}
