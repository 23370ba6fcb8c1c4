//! Access tokens for API clients: an id and a secret for a token (RFC 6749 §4.4). The reason of a refusal is
//! not returned, and an unknown client takes as long as a wrong secret.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{ServiceError, Services, access_token::Grant, audit, session_token::LIFETIME};
use crate::{
    db::{DbFault, api_clients},
    domain::{
        actor::{ActorKind, ActorRef},
        api_client::{ApiClient, ApiClientStatus, ClientSecret, SecretRecord},
        audit::{AuditAction, AuditEvent, AuditOutcome},
        closed_set::closed_set,
        ids::ClientId,
        origin::Origin,
        permission::Permission,
        visibility::Visibility,
    },
};

/// How often the last use of a secret is written.
const USE_INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// The longest lifetime of a token.
pub(super) fn lifetime() -> TimeDelta {
    TimeDelta::from_std(LIFETIME).unwrap_or(TimeDelta::hours(1))
}

/// The id and the secret that a client sends.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// The id as it was sent.
    pub id: String,
    /// The secret.
    pub secret: ClientSecret,
}

/// A token for a client.
pub struct ClientToken {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// How long it is valid.
    pub lifetime: Duration,
    /// What it allows.
    pub scopes: BTreeSet<Permission>,
}

/// Why a client gets no token.
#[derive(Debug, thiserror::Error)]
pub enum ClientTokenError {
    /// The client is not known, its secret is wrong, or it may not call now or from here.
    #[error("the client or its secret is not valid")]
    InvalidClient,
    /// A scope is unknown, or not among the client's.
    #[error("the scope is not among the client's")]
    InvalidScope,
    /// Something else.
    #[error(transparent)]
    Other(#[from] ServiceError),
}

/// Issues a token for a quarter of an hour, and not for longer than its client lives. `scope` are the names
/// of the permissions that it is to have, of those of the client; all of these when it is empty.
///
/// # Errors
/// [`ClientTokenError`].
pub async fn issue(
    services: &Services,
    sent: ClientCredentials,
    scope: &[&str],
    source: Origin,
) -> Result<ClientToken, ClientTokenError> {
    let id: Option<ClientId> = sent.id.parse().ok();
    let client = match id {
        Some(id) => find(services, id).await?,
        None => None,
    };
    let now = services.clock.now();
    let outcome = check(client, &sent.secret, scope, (&source, now));
    let (client, secret, scopes) = match outcome {
        Ok(accepted) => accepted,
        Err(reason) => {
            audit::record(services, refusal(services, id, source, reason)).await;
            return Err(reason.error());
        }
    };
    let token = signed(services, &client, scopes, now)?;
    let who = ActorRef { origin: Some(source), ..holder(&client) };
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let details = json!({ "scopes": scopes, "secret": secret.hint });
    let done = (AuditAction::ClientToken, AuditOutcome::Succeeded);
    let event = audit::event(&services.clock, done, who, client.id.to_string(), details);
    audit::record(services, event).await;
    note_use(services, client.id, &secret, now).await;
    Ok(token)
}

async fn find(services: &Services, id: ClientId) -> Result<Option<ApiClient>, ServiceError> {
    let everything = Visibility::everything();
    let found =
        services.db.read::<_, DbFault>(move |connection| api_clients::get(connection, id, &everything));
    Ok(found.await?)
}

closed_set! {
    /// Why a client is refused, for the audit log.
    #[derive(Debug, Clone, Copy)]
    enum Reason {
        UnknownClient = "unknown_client",
        WrongSecret = "wrong_secret",
        Revoked = "revoked",
        Expired = "expired",
        Network = "network",
        Scope = "scope",
    }
}

impl Reason {
    fn error(self) -> ClientTokenError {
        match self {
            Self::Scope => ClientTokenError::InvalidScope,
            _ => ClientTokenError::InvalidClient,
        }
    }
}

type Accepted = (ApiClient, SecretRecord, BTreeSet<Permission>);

fn check(
    client: Option<ApiClient>,
    sent: &ClientSecret,
    scope: &[&str],
    (source, now): (&Origin, DateTime<Utc>),
) -> Result<Accepted, Reason> {
    // Hashed whether there is such a client or not, and whatever its state, so that all take as long.
    let sent = sent.hash();
    let client = client.ok_or(Reason::UnknownClient)?;
    if client.status(now) == ApiClientStatus::Revoked {
        return Err(Reason::Revoked);
    }
    let secret = client.live_secrets(now).find(|secret| secret.hash.is(&sent)).cloned();
    let secret = secret.ok_or(Reason::WrongSecret)?;
    if seconds_left(&client, now) == 0 {
        return Err(Reason::Expired);
    }
    if !client.networks.allow(source.parts().address) {
        return Err(Reason::Network);
    }
    let scopes = narrowed(&client, scope).ok_or(Reason::Scope)?;
    Ok((client, secret, scopes))
}

fn narrowed(client: &ApiClient, scope: &[&str]) -> Option<BTreeSet<Permission>> {
    if scope.is_empty() {
        return Some(client.scopes.clone());
    }
    let held = |name: &&str| name.parse().ok().filter(|scope| client.scopes.contains(scope));
    scope.iter().map(held).collect()
}

/// The lifetime of a token, in whole seconds as a token has it.
fn seconds_left(client: &ApiClient, now: DateTime<Utc>) -> u64 {
    let left = client.expires_at.map_or(i64::MAX, |end| end.timestamp().saturating_sub(now.timestamp()));
    u64::try_from(left).unwrap_or_default().min(LIFETIME.as_secs())
}

/// The client, as tokens and events name it.
fn holder(client: &ApiClient) -> ActorRef {
    let (id, name) = (client.id.to_string(), client.name.as_str().to_owned());
    ActorRef { kind: ActorKind::Client, id, name, origin: None }
}

fn signed(
    services: &Services,
    client: &ApiClient,
    scopes: BTreeSet<Permission>,
    now: DateTime<Utc>,
) -> Result<ClientToken, ServiceError> {
    let lifetime = Duration::from_secs(seconds_left(client, now));
    let grant = Grant {
        holder: holder(client),
        roles: Vec::new(),
        scope: scopes.iter().copied().collect(),
        accounts: client.account.into_iter().collect(),
        lifetime,
    };
    let access_token = services.access_tokens.issue_to_client(&grant, &client.networks, now);
    let access_token = access_token.map_err(|error| ServiceError::Defect(error.to_string()))?;
    Ok(ClientToken { access_token, lifetime, scopes })
}

fn refusal(services: &Services, client: Option<ClientId>, source: Origin, reason: Reason) -> AuditEvent {
    AuditEvent {
        id: services.clock.id(),
        at: services.clock.now(),
        action: AuditAction::ClientToken,
        outcome: AuditOutcome::Denied,
        actor: None,
        object: client.map(|client| client.to_string()),
        origin: Some(source),
        details: json!({ "reason": reason.as_str() }),
    }
}

/// Writes when a secret was last used, once a minute. A failure is only logged, since the token is issued.
async fn note_use(services: &Services, client: ClientId, secret: &SecretRecord, now: DateTime<Utc>) {
    if secret.last_used_at.is_some_and(|at| now - at < USE_INTERVAL) {
        return;
    }
    let id = secret.id;
    let noted = services.db.write::<_, DbFault>(move |tx| api_clients::touch(tx, (client, id), now));
    if let Err(error) = noted.await {
        tracing::warn!(%client, %error, "the last use of an API client was not recorded");
    }
}
