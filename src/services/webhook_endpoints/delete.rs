//! Deletes a webhook endpoint: nothing is sent to it any more.

use serde_json::json;

use super::visible;
use crate::{
    db::{self, Guarded, Tx, webhooks},
    domain::{
        actor::Actor,
        audit::{AuditAction, AuditOutcome},
        ids::WebhookEndpointId,
    },
    services::{ServiceError, Services, audit},
};

/// Deletes an endpoint with its secrets. An attempt under way is finished.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn delete(services: &Services, actor: &Actor, id: WebhookEndpointId) -> Result<(), ServiceError> {
    let (clock, actor) = (services.clock.clone(), actor.clone());
    let end = move |tx: &mut Tx<'_>| -> Result<(), ServiceError> {
        let endpoint = visible(tx.reading(), &actor, id)?;
        if webhooks::delete(tx, id, clock.now())? == Guarded::Stale {
            return Err(ServiceError::NotFound);
        }
        let details = json!({ "client_id": endpoint.client });
        let done = (AuditAction::WebhookEndpointDeleted, AuditOutcome::Succeeded);
        let event = audit::event(&clock, done, actor.who.clone(), id.to_string(), details);
        Ok(db::audit::insert(tx, &[event])?)
    };
    services.db.write(end).await
}
