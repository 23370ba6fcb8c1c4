//! API clients: programs of partners. Making, listing, rotating and revoking them; `client_token` issues
//! their tokens.

mod create;
mod revoke;
mod rotate;

use std::collections::BTreeSet;

pub use self::{
    create::{NewClient, authorise as authorise_create, create},
    revoke::revoke,
    rotate::{authorise as authorise_rotate, rotate},
};
use super::{
    ServiceError, Services, cursor,
    queries::{self, Page, PageRequest},
};
use crate::{
    db::{
        AnyConnection, DbFault, accounts,
        api_clients::{self, ClientFilter},
    },
    domain::{
        actor::Actor,
        api_client::{ApiClient, ApiClientStatus, ClientSecret, SecretRecord, is_for_accounts},
        ids::{AccountId, ClientId, SecretId},
        permission::Permission,
        visibility::Visibility,
    },
};

/// A client with a new secret, the first of its secrets.
#[derive(Debug, Clone)]
pub struct IssuedSecret {
    /// The client.
    pub client: ApiClient,
}

/// Whether the caller may manage API clients at all.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub fn admit(actor: &Actor) -> Result<(), ServiceError> {
    let permission = Permission::ClientsManage;
    if actor.may(permission) { Ok(()) } else { Err(ServiceError::Forbidden(permission.as_str())) }
}

/// The filters of the list.
#[derive(Debug, Clone, Default)]
pub struct ClientQuery {
    /// With this status.
    pub status: Option<ApiClientStatus>,
    /// Of this account.
    pub account: Option<AccountId>,
}

/// Lists clients, newest first.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::DamagedCursor`], [`ServiceError::CursorMismatch`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: ClientQuery,
    page: PageRequest,
) -> Result<Page<ApiClient>, ServiceError> {
    admit(actor)?;
    let bound = format!("{query:?}");
    let before = page.cursor.as_deref().map(|cursor| cursor::decode(cursor, &bound)).transpose()?;
    let now = services.clock.now();
    let filter = ClientFilter {
        visibility: Visibility::clients(actor),
        status: query.status.map(|status| (status, now)),
        account: query.account,
        before,
        limit: page.limit + 1,
    };
    let rows =
        services.db.read::<_, DbFault>(move |connection| api_clients::list(connection, &filter)).await?;
    Ok(queries::cut(rows, page.limit, &bound, |row| row.id))
}

/// Shows one client.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::NotFound`], also for one that the caller may not see.
pub async fn get(services: &Services, actor: &Actor, id: ClientId) -> Result<ApiClient, ServiceError> {
    admit(actor)?;
    let visibility = Visibility::clients(actor);
    services
        .db
        .read::<_, DbFault>(move |connection| api_clients::get(connection, id, &visibility))
        .await?
        .ok_or(ServiceError::NotFound)
}

/// Whether the caller holds each of these permissions, everywhere or below this account: no caller may grant
/// more than their own.
pub(super) fn may_grant(
    connection: &mut AnyConnection,
    actor: &Actor,
    (scopes, account): (&BTreeSet<Permission>, Option<AccountId>),
) -> Result<(), ServiceError> {
    let owns = match account {
        None => false,
        Some(id) => {
            accounts::get(connection, id, &Visibility::clients(actor))?
                .ok_or(ServiceError::AccountNotFound)?;
            !accounts::under(connection, &[id], &actor.accounts)?.is_empty()
        }
    };
    let holds = |scope: &Permission| actor.may(*scope) || owns && is_for_accounts(*scope);
    if scopes.iter().all(holds) { Ok(()) } else { Err(ServiceError::ScopeExceedsYours) }
}

/// A new secret of a client, which is made again wherever it is shown.
fn new_secret(services: &Services, client: ClientId) -> Result<SecretRecord, ServiceError> {
    let (id, created_at) = (services.clock.id(), services.clock.now());
    let secret = services.client_secret_keys.make(client, id);
    let secret = secret.ok_or_else(|| ServiceError::Defect("no secret was derived".to_owned()))?;
    let (hash, hint) = (secret.hash(), secret.hint());
    Ok(SecretRecord { id, hash, hint, created_at, expires_at: None, last_used_at: None })
}

/// The secret that an earlier request made, to show it to a retry. `None` when it does not work any more, or
/// was made with a key that is neither the current one nor the previous one.
///
/// # Errors
/// Only when the database fails.
pub async fn shown_again(
    services: &Services,
    client: ClientId,
    secret: SecretId,
) -> Result<Option<ClientSecret>, ServiceError> {
    let everything = Visibility::everything();
    let found = services
        .db
        .read::<_, DbFault>(move |connection| api_clients::get(connection, client, &everything))
        .await?;
    let now = services.clock.now();
    Ok(found.and_then(|found| {
        let record = found.live_secrets(now).find(|record| record.id == secret)?;
        services.client_secret_keys.find(client, secret, &record.hash)
    }))
}
