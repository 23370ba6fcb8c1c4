//! Webhook endpoints of API clients: making, changing, rotating and deleting them; what was sent to them, and
//! sending it again. The dispatcher sends.

mod attempts;
mod create;
mod delete;
mod replay;
mod rotate;
mod test_event;
mod update;

pub use self::{
    attempts::attempts,
    create::{NewEndpoint, authorise as authorise_create, create},
    delete::delete,
    replay::{NewReplay, Replayed, replay},
    rotate::{authorise as authorise_rotate, rotate},
    test_event::{TestSent, test},
    update::{EndpointPatch, update},
};
use super::{
    ServiceError, Services,
    api_clients::may_grant,
    cursor,
    queries::{self, Page, PageRequest},
};
pub use crate::db::webhooks::Attempt;
use crate::{
    db::{
        AnyConnection, DbFault, api_clients,
        webhooks::{self, EndpointFilter, EndpointScope},
    },
    domain::{
        actor::{Actor, ActorKind},
        ids::{ClientId, SecretId, WebhookEndpointId},
        permission::Permission,
        visibility::Visibility,
        webhooks::{ReceiverNetworks, WebhookEndpoint, WebhookSecret, WebhookSecretRecord, WebhookStatus},
    },
};

/// An endpoint with a new secret, the first of its secrets.
#[derive(Debug, Clone)]
pub struct IssuedEndpoint {
    /// The endpoint.
    pub endpoint: WebhookEndpoint,
}

/// Whether the caller may manage webhook endpoints at all.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub fn admit(actor: &Actor) -> Result<(), ServiceError> {
    scope(actor).map(drop)
}

/// Which endpoints the caller may see: a program those of its own client, others those of all clients that
/// they may see.
fn scope(actor: &Actor) -> Result<EndpointScope, ServiceError> {
    let permission = Permission::WebhooksManage;
    let own = actor.api_client();
    let may = match own {
        // Its own endpoints are below no account.
        Some(_) => actor.permissions.contains(&permission),
        None => actor.may(permission),
    };
    if !may {
        return Err(ServiceError::Forbidden(permission.as_str()));
    }
    let visibility = if own.is_some() { Visibility::everything() } else { Visibility::clients(actor) };
    Ok(EndpointScope { visibility, client: own })
}

/// Whether the caller is no program, of whatever issuer. Only then may a URL lead into the networks that the
/// operator named: a partner's program has no business there.
fn is_staff(actor: &Actor) -> bool {
    actor.who.kind != ActorKind::Client
}

/// The networks beside the public internet in which the caller may place an endpoint.
#[must_use]
pub fn networks(services: &Services, actor: &Actor) -> ReceiverNetworks {
    if is_staff(actor) { services.rules.webhook_networks.clone() } else { ReceiverNetworks::default() }
}

/// The filters of the list.
#[derive(Debug, Clone, Default)]
pub struct EndpointQuery {
    /// Of this client.
    pub client: Option<ClientId>,
    /// With this status.
    pub status: Option<WebhookStatus>,
}

/// Lists endpoints, newest first.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::DamagedCursor`], [`ServiceError::CursorMismatch`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: EndpointQuery,
    page: PageRequest,
) -> Result<Page<WebhookEndpoint>, ServiceError> {
    let scope = scope(actor)?;
    let bound = format!("{query:?}");
    let before = page.cursor.as_deref().map(|cursor| cursor::decode(cursor, &bound)).transpose()?;
    let EndpointQuery { client, status } = query;
    let filter = EndpointFilter { scope, client, status, before, limit: page.limit + 1 };
    let rows = services.db.read::<_, DbFault>(move |connection| webhooks::list(connection, &filter)).await?;
    Ok(queries::cut(rows, page.limit, &bound, |row| row.id))
}

/// Shows one endpoint.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::NotFound`], also for one that the caller may not see.
pub async fn get(
    services: &Services,
    actor: &Actor,
    id: WebhookEndpointId,
) -> Result<WebhookEndpoint, ServiceError> {
    let actor = actor.clone();
    services.db.read(move |connection| visible(connection, &actor, id)).await
}

/// Whether the caller may change this endpoint.
///
/// # Errors
/// As [`get`].
pub async fn authorise(
    services: &Services,
    actor: &Actor,
    id: WebhookEndpointId,
) -> Result<(), ServiceError> {
    get(services, actor, id).await.map(drop)
}

/// The endpoint, if the caller may see it.
fn visible(
    connection: &mut AnyConnection,
    actor: &Actor,
    id: WebhookEndpointId,
) -> Result<WebhookEndpoint, ServiceError> {
    let scope = scope(actor)?;
    webhooks::get(connection, id, &scope)?.ok_or(ServiceError::NotFound)
}

/// The endpoint, if the caller may see it and have its events sent elsewhere.
fn may_change(
    connection: &mut AnyConnection,
    actor: &Actor,
    id: WebhookEndpointId,
) -> Result<WebhookEndpoint, ServiceError> {
    let endpoint = visible(connection, actor, id)?;
    may_read(connection, actor, endpoint.client)?;
    Ok(endpoint)
}

/// Whether the caller may read what an endpoint of this client gets: who chooses where events go, reads them.
/// A program's own endpoints get what its client may read, whatever the token asked for.
fn may_read(connection: &mut AnyConnection, actor: &Actor, client: ClientId) -> Result<(), ServiceError> {
    if actor.api_client() == Some(client) {
        return Ok(());
    }
    let found = api_clients::get(connection, client, &Visibility::everything())?;
    let found = found.ok_or(ServiceError::NotFound)?;
    let reads = [Permission::CustomersRead, Permission::SystemUsersRead];
    let scopes = found.scopes.into_iter().filter(|scope| reads.contains(scope)).collect();
    may_grant(connection, actor, (&scopes, found.account))
}

/// A new secret of an endpoint, which is made again wherever it is shown or used.
fn new_secret(services: &Services, endpoint: WebhookEndpointId) -> Result<WebhookSecretRecord, ServiceError> {
    let (id, created_at) = (services.clock.id(), services.clock.now());
    let secret = services.webhook_secret_keys.make(endpoint, id);
    let secret = secret.ok_or_else(|| ServiceError::Defect("no secret was derived".to_owned()))?;
    let (hash, hint) = (secret.hash(), secret.hint());
    Ok(WebhookSecretRecord { id, hash, hint, created_at, expires_at: None })
}

/// The secret that an earlier request made, to show it to a retry. `None` when it signs no more, or was made
/// with a key that is neither the current one nor the previous one.
///
/// # Errors
/// Only when the database fails.
pub async fn shown_again(
    services: &Services,
    endpoint: WebhookEndpointId,
    secret: SecretId,
) -> Result<Option<WebhookSecret>, ServiceError> {
    let everything = EndpointScope { visibility: Visibility::everything(), client: None };
    let found = services
        .db
        .read::<_, DbFault>(move |connection| webhooks::get(connection, endpoint, &everything))
        .await?;
    let now = services.clock.now();
    Ok(found.and_then(|found| {
        let record = found.live_secrets(now).find(|record| record.id == secret)?;
        services.webhook_secret_keys.find(endpoint, secret, &record.hash)
    }))
}
