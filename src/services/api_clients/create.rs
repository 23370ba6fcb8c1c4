//! Makes an API client.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{IssuedSecret, admit, may_grant, new_secret};
use crate::{
    db::{self, api_clients},
    domain::{
        actor::Actor,
        api_client::{ApiClient, ClientName},
        audit::{AuditAction, AuditOutcome},
        ids::AccountId,
        networks::Networks,
        permission::Permission,
    },
    services::{ServiceError, Services, audit, idempotency::Ticket},
};

/// What a client is to be.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// Its name.
    pub name: ClientName,
    /// The permissions that its tokens may have.
    pub scopes: BTreeSet<Permission>,
    /// The account below which these hold; everywhere without one.
    pub account: Option<AccountId>,
    /// The networks from which it may call.
    pub networks: Networks,
    /// When it ends, if ever.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a client with its first secret.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::AccountNotFound`], [`ServiceError::ScopeExceedsYours`].
pub async fn create(
    services: &Services,
    actor: &Actor,
    new: NewClient,
    ticket: Option<Ticket<IssuedSecret>>,
) -> Result<IssuedSecret, ServiceError> {
    admit(actor)?;
    let issued = IssuedSecret { client: drafted(services, actor, new)? };
    let (clock, actor) = (services.clock.clone(), actor.clone());
    services
        .db
        .write(move |tx| {
            let client = &issued.client;
            may_grant(tx.reading(), &actor, (&client.scopes, client.account))?;
            api_clients::insert(tx, client)?;
            let scopes: Vec<&str> = client.scopes.iter().map(|scope| scope.as_str()).collect();
            let details = json!({ "scopes": scopes, "account_id": client.account });
            let done = (AuditAction::ApiClientCreated, AuditOutcome::Succeeded);
            let event = audit::event(&clock, done, actor.who.clone(), client.id.to_string(), details);
            db::audit::insert(tx, &[event])?;
            if let Some(ticket) = &ticket {
                ticket.store(tx, &issued)?;
            }
            Ok(issued.clone())
        })
        .await
}

fn drafted(services: &Services, actor: &Actor, new: NewClient) -> Result<ApiClient, ServiceError> {
    let NewClient { name, scopes, account, networks, expires_at } = new;
    let id = services.clock.id();
    Ok(ApiClient {
        id,
        name,
        scopes,
        account,
        networks,
        expires_at,
        created_by: actor.who.clone(),
        created_at: services.clock.now(),
        revoked_at: None,
        last_used_at: None,
        secrets: vec![new_secret(services, id)?],
    })
}

/// Whether the caller may make this client, whatever else prevents it.
///
/// # Errors
/// As [`create`].
pub async fn authorise(services: &Services, actor: &Actor, new: NewClient) -> Result<(), ServiceError> {
    admit(actor)?;
    let actor = actor.clone();
    services.db.read(move |connection| may_grant(connection, &actor, (&new.scopes, new.account))).await
}
