//! Makes a webhook endpoint.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{IssuedEndpoint, is_staff, may_read, new_secret, scope};
use crate::{
    db::{
        self, AnyConnection, api_clients,
        webhooks::{self, EndpointCount},
    },
    domain::{
        actor::Actor,
        api_client::ApiClientStatus,
        audit::{AuditAction, AuditOutcome},
        ids::ClientId,
        visibility::Visibility,
        webhooks::{
            EndpointUrl, MAX_ENDPOINTS, MAX_RECENT_ENDPOINTS, RECENTLY, WebhookEndpoint, WebhookEventType,
            WebhookStatus,
        },
    },
    services::{ServiceError, Services, audit, idempotency::Ticket},
};

/// What an endpoint is to be.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// The client that it belongs to; a program may leave out its own.
    pub client: Option<ClientId>,
    /// Where it is.
    pub url: EndpointUrl,
    /// The types of events that it takes.
    pub event_types: BTreeSet<WebhookEventType>,
}

/// Makes an endpoint with its first secret.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Invalid`] for a client that is missing, or that the caller
/// may not see, [`ServiceError::ScopeExceedsYours`], [`ServiceError::ApiClientRevoked`],
/// [`ServiceError::ApiClientExpired`], [`ServiceError::TooManyEndpoints`],
/// [`ServiceError::TooManyRecentEndpoints`].
pub async fn create(
    services: &Services,
    actor: &Actor,
    new: NewEndpoint,
    ticket: Option<Ticket<IssuedEndpoint>>,
) -> Result<IssuedEndpoint, ServiceError> {
    let (writer, actor) = (services.clone(), actor.clone());
    services
        .db
        .write(move |tx| {
            let now = writer.clock.now();
            let client = client_of(tx.reading(), &actor, new.client)?;
            // Of two that are made at once one waits for the other, so that both are counted.
            api_clients::lock(tx, client)?;
            check(tx.reading(), client, now)?;
            let issued = IssuedEndpoint { endpoint: drafted(&writer, &actor, (client, &new))? };
            let endpoint = &issued.endpoint;
            webhooks::insert(tx, endpoint)?;
            let types: Vec<&str> = endpoint.event_types.iter().map(|one| one.as_str()).collect();
            let details = json!({ "client_id": client, "event_types": types });
            let done = (AuditAction::WebhookEndpointCreated, AuditOutcome::Succeeded);
            let event =
                audit::event(&writer.clock, done, actor.who.clone(), endpoint.id.to_string(), details);
            db::audit::insert(tx, &[event])?;
            if let Some(ticket) = &ticket {
                ticket.store(tx, &issued)?;
            }
            Ok(issued)
        })
        .await
}

/// The client of a new endpoint: a program's own one, or the one that others name.
fn client_of(
    connection: &mut AnyConnection,
    actor: &Actor,
    named: Option<ClientId>,
) -> Result<ClientId, ServiceError> {
    let fault = |code, words| Err(ServiceError::at("/client_id", code, words));
    let scope = scope(actor)?;
    match (scope.client, named) {
        (Some(own), None) => Ok(own),
        (Some(own), Some(named)) if named == own => Ok(own),
        (Some(_), Some(_)) => fault("not_applicable", "A program makes endpoints of its own client alone."),
        (None, None) => fault("required", "This is required."),
        (None, Some(named)) => match api_clients::get(connection, named, &scope.visibility)? {
            Some(client) => may_read(connection, actor, client.id).map(|()| client.id),
            None => fault("unknown_client", "There is no such client, or this token may not see it."),
        },
    }
}

/// Whether the client may have another endpoint.
fn check(connection: &mut AnyConnection, client: ClientId, now: DateTime<Utc>) -> Result<(), ServiceError> {
    let everything = Visibility::everything();
    let found = api_clients::get(connection, client, &everything)?.ok_or(ServiceError::NotFound)?;
    match found.status(now) {
        ApiClientStatus::Active => {}
        ApiClientStatus::Expired => return Err(ServiceError::ApiClientExpired),
        ApiClientStatus::Revoked => return Err(ServiceError::ApiClientRevoked),
    }
    let EndpointCount { present, recent } = webhooks::count(connection, client, now - RECENTLY)?;
    if present >= MAX_ENDPOINTS {
        Err(ServiceError::TooManyEndpoints(MAX_ENDPOINTS))
    } else if recent >= MAX_RECENT_ENDPOINTS {
        Err(ServiceError::TooManyRecentEndpoints(MAX_RECENT_ENDPOINTS))
    } else {
        Ok(())
    }
}

fn drafted(
    services: &Services,
    actor: &Actor,
    (client, new): (ClientId, &NewEndpoint),
) -> Result<WebhookEndpoint, ServiceError> {
    let id = services.clock.id();
    Ok(WebhookEndpoint {
        id,
        client,
        url: new.url.clone(),
        set_by_staff: is_staff(actor),
        event_types: new.event_types.clone(),
        status: WebhookStatus::Active,
        disabled_reason: None,
        disabled_at: None,
        failing_since: None,
        created_by: actor.who.clone(),
        created_at: services.clock.now(),
        secrets: vec![new_secret(services, id)?],
    })
}

/// Whether the caller may make this endpoint, whatever else prevents it.
///
/// # Errors
/// As [`create`].
pub async fn authorise(services: &Services, actor: &Actor, new: NewEndpoint) -> Result<(), ServiceError> {
    let actor = actor.clone();
    services.db.read(move |connection| client_of(connection, &actor, new.client).map(drop)).await
}
