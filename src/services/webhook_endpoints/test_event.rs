//! Tries a webhook endpoint with an event that means nothing.

use super::visible;
use crate::{
    db::webhooks,
    domain::{
        actor::Actor,
        ids::{WebhookEndpointId, WebhookEventId},
        webhooks::WebhookStatus,
    },
    services::{ServiceError, Services, idempotency::Ticket},
};

/// The event that is sent.
#[derive(Debug, Clone, Copy)]
pub struct TestSent {
    /// Its id.
    pub event: WebhookEventId,
}

/// Puts in an event of the type `webhook.test`, which is sent as every other one.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::EndpointInactive`].
pub async fn test(
    services: &Services,
    actor: &Actor,
    id: WebhookEndpointId,
    ticket: Option<Ticket<TestSent>>,
) -> Result<TestSent, ServiceError> {
    let (clock, actor) = (services.clock.clone(), actor.clone());
    services
        .db
        .write(move |tx| {
            webhooks::lock(tx, id)?;
            let endpoint = visible(tx.reading(), &actor, id)?;
            if endpoint.status != WebhookStatus::Active {
                return Err(ServiceError::EndpointInactive);
            }
            let sent = TestSent { event: clock.id() };
            webhooks::test(tx, (sent.event, clock.now()), id)?;
            if let Some(ticket) = &ticket {
                ticket.store(tx, &sent)?;
            }
            Ok(sent)
        })
        .await
}
