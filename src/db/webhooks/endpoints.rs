//! The endpoints.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::secrets;
use crate::db::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::{api_clients as clients, users, webhook_endpoints as endpoints},
    sql::timestamp::At,
    visibility,
};
use crate::domain::{
    actor::{ActorKind, ActorRef},
    ids::{ClientId, WebhookEndpointId},
    visibility::Visibility,
    webhooks::{
        DisabledReason, EndpointUrl, WebhookEndpoint, WebhookEventType, WebhookSecretRecord, WebhookStatus,
    },
};

/// Which endpoints a caller may see.
#[derive(Debug, Clone)]
pub struct EndpointScope {
    /// Those of these clients.
    pub visibility: Visibility,
    /// Of this client alone.
    pub client: Option<ClientId>,
}

/// Which endpoints a list shows.
#[derive(Debug, Clone)]
pub struct EndpointFilter {
    /// What the caller may see.
    pub scope: EndpointScope,
    /// Of this client.
    pub client: Option<ClientId>,
    /// With this status.
    pub status: Option<WebhookStatus>,
    /// Older than this one.
    pub before: Option<WebhookEndpointId>,
    /// The maximum number of rows.
    pub limit: i64,
}

#[derive(Queryable)]
struct Row {
    id: String,
    client_id: String,
    url: String,
    set_by_staff: bool,
    event_types: String,
    status: String,
    disabled_reason: Option<String>,
    disabled_at: Option<At>,
    failing_since: Option<At>,
    created_by_kind: String,
    created_by_id: String,
    created_by_name: Option<String>,
    created_at: At,
}

/// A row, and the names of the user who made it.
type Joined = (Row, Option<String>, Option<String>);

/// The endpoints that were not deleted, with their clients and makers.
macro_rules! present {
    () => {
        endpoints::table
            .inner_join(clients::table.on(clients::id.eq(endpoints::client_id)))
            .left_join(users::table.on(users::id.eq(endpoints::created_by_id)))
            .filter(endpoints::deleted_at.is_null())
            .select((
                (
                    endpoints::id,
                    endpoints::client_id,
                    endpoints::url,
                    endpoints::set_by_staff,
                    endpoints::event_types,
                    endpoints::status,
                    endpoints::disabled_reason,
                    endpoints::disabled_at,
                    endpoints::failing_since,
                    endpoints::created_by_kind,
                    endpoints::created_by_id,
                    endpoints::created_by_name,
                    endpoints::created_at,
                ),
                users::first_name.nullable(),
                users::last_name.nullable(),
            ))
    };
}

impl Row {
    fn endpoint(
        self,
        maker: [Option<String>; 2],
        secrets: Vec<WebhookSecretRecord>,
    ) -> Result<WebhookEndpoint, DbFault> {
        let unreadable =
            |column| DbFault::Corrupt { table: "webhook_endpoints", column, row: self.id.clone() };
        let event_types = types(&self.event_types).ok_or_else(|| unreadable("event_types"))?;
        let reason = self.disabled_reason.as_deref().map(str::parse).transpose();
        let names = || maker.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Ok(WebhookEndpoint {
            id: self.id.parse().map_err(|_| unreadable("id"))?,
            client: self.client_id.parse().map_err(|_| unreadable("client_id"))?,
            url: EndpointUrl::stored(&self.url).ok_or_else(|| unreadable("url"))?,
            set_by_staff: self.set_by_staff,
            event_types,
            status: self.status.parse().map_err(|_| unreadable("status"))?,
            disabled_reason: reason.map_err(|_| unreadable("disabled_reason"))?,
            disabled_at: self.disabled_at.map(|at| at.0),
            failing_since: self.failing_since.map(|at| at.0),
            created_by: ActorRef {
                kind: self.created_by_kind.parse().map_err(|_| unreadable("created_by_kind"))?,
                id: self.created_by_id,
                name: self.created_by_name.unwrap_or_else(names),
                origin: None,
            },
            created_at: self.created_at.0,
            secrets,
        })
    }
}

/// Types of events as they are stored.
pub(super) fn types(text: &str) -> Option<BTreeSet<WebhookEventType>> {
    text.split(' ').map(|name| name.parse().ok()).collect()
}

fn stored_types(endpoint: &WebhookEndpoint) -> String {
    endpoint.event_types.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(" ")
}

/// Inserts an endpoint and its secrets.
pub fn insert(tx: &mut Tx<'_>, new: &WebhookEndpoint) -> Result<(), DbFault> {
    // A user's name is read from the users, so that it is erased with them.
    let name = Some(&new.created_by.name).filter(|_| new.created_by.kind != ActorKind::User);
    let row = (
        endpoints::id.eq(new.id.as_str()),
        endpoints::client_id.eq(new.client.as_str()),
        endpoints::url.eq(new.url.as_str()),
        endpoints::set_by_staff.eq(new.set_by_staff),
        endpoints::event_types.eq(stored_types(new)),
        endpoints::status.eq(new.status.as_str()),
        endpoints::created_by_kind.eq(new.created_by.kind.as_str()),
        endpoints::created_by_id.eq(&new.created_by.id),
        endpoints::created_by_name.eq(name),
        endpoints::created_at.eq(At(new.created_at)),
    );
    diesel::insert_into(endpoints::table).values(row).execute(tx.writing())?;
    new.secrets.iter().try_for_each(|secret| secrets::insert(tx, new.id, secret))
}

/// One endpoint, if it is visible.
pub fn get(
    connection: &mut AnyConnection,
    id: WebhookEndpointId,
    scope: &EndpointScope,
) -> Result<Option<WebhookEndpoint>, DbFault> {
    let mut query = present!()
        .filter(endpoints::id.eq(id.as_str()))
        .into_boxed::<MultiBackend>()
        .filter(visibility::clients(&scope.visibility));
    if let Some(client) = scope.client {
        query = query.filter(endpoints::client_id.eq(client.to_string()));
    }
    let row = query.first::<Joined>(connection).optional()?;
    let secrets = secrets::of(connection, &[id.as_str()])?;
    Ok(whole(row.into_iter().collect(), secrets)?.pop())
}

/// The endpoints that match `filter`, newest first.
pub fn list(
    connection: &mut AnyConnection,
    filter: &EndpointFilter,
) -> Result<Vec<WebhookEndpoint>, DbFault> {
    let mut query = present!()
        .order(endpoints::id.desc())
        .limit(filter.limit)
        .into_boxed::<MultiBackend>()
        .filter(visibility::clients(&filter.scope.visibility));
    for client in [filter.scope.client, filter.client].into_iter().flatten() {
        query = query.filter(endpoints::client_id.eq(client.to_string()));
    }
    if let Some(status) = filter.status {
        query = query.filter(endpoints::status.eq(status.as_str()));
    }
    if let Some(before) = filter.before {
        query = query.filter(endpoints::id.lt(before.to_string()));
    }
    let rows = query.load::<Joined>(connection)?;
    let ids: Vec<&str> = rows.iter().map(|(row, ..)| row.id.as_str()).collect();
    let secrets = secrets::of(connection, &ids)?;
    whole(rows, secrets)
}

/// Rows with their secrets.
fn whole(
    rows: Vec<Joined>,
    mut secrets: HashMap<String, Vec<WebhookSecretRecord>>,
) -> Result<Vec<WebhookEndpoint>, DbFault> {
    let rows = rows.into_iter().map(|(row, first, last)| {
        let secrets = secrets.remove(&row.id).unwrap_or_default();
        row.endpoint([first, last], secrets)
    });
    rows.collect()
}

/// How many endpoints a client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointCount {
    /// Those that were not deleted.
    pub present: usize,
    /// With those that were deleted lately.
    pub recent: usize,
}

/// Counts the endpoints of a client. Those that were deleted after `since` are recent.
pub fn count(
    connection: &mut AnyConnection,
    client: ClientId,
    since: DateTime<Utc>,
) -> Result<EndpointCount, DbFault> {
    let theirs = || endpoints::table.filter(endpoints::client_id.eq(client.as_str()));
    let present: i64 = theirs().filter(endpoints::deleted_at.is_null()).count().get_result(connection)?;
    let deleted = endpoints::deleted_at.gt(At(since)).assume_not_null();
    let deleted: i64 = theirs().filter(deleted).count().get_result(connection)?;
    let number = |count: i64| usize::try_from(count).unwrap_or(usize::MAX);
    Ok(EndpointCount { present: number(present), recent: number(present + deleted) })
}

/// Locks an endpoint until the end of the transaction, so that of two changes one waits for the other.
pub fn lock(tx: &mut Tx<'_>, id: WebhookEndpointId) -> Result<(), DbFault> {
    let one = endpoints::table.find(id.as_str()).select(endpoints::id);
    match tx.writing() {
        AnyConnection::Postgres(c) => one.for_no_key_update().first::<String>(c).optional()?,
        // A write transaction locks the whole file.
        AnyConnection::Sqlite(_) => None,
    };
    Ok(())
}

/// Stores what a caller may change, and whether webhooks are sent.
pub fn update(tx: &mut Tx<'_>, changed: &WebhookEndpoint) -> Result<Guarded, DbFault> {
    let updated = diesel::update(endpoints::table.find(changed.id.as_str()))
        .filter(endpoints::deleted_at.is_null())
        .set((
            endpoints::url.eq(changed.url.as_str()),
            endpoints::set_by_staff.eq(changed.set_by_staff),
            endpoints::event_types.eq(stored_types(changed)),
            endpoints::status.eq(changed.status.as_str()),
            endpoints::disabled_reason.eq(changed.disabled_reason.map(DisabledReason::as_str)),
            endpoints::disabled_at.eq(changed.disabled_at.map(At)),
            endpoints::failing_since.eq(changed.failing_since.map(At)),
        ))
        .execute(tx.writing())?;
    Ok(Guarded::of(updated))
}

/// Deletes an endpoint: it is shown no more, and its secrets are gone. The row stays until its deliveries are
/// forgotten: a transaction that writes one for it meanwhile must not fail.
pub fn delete(tx: &mut Tx<'_>, id: WebhookEndpointId, now: DateTime<Utc>) -> Result<Guarded, DbFault> {
    let deleted = diesel::update(endpoints::table.find(id.as_str()))
        .filter(endpoints::deleted_at.is_null())
        .set(endpoints::deleted_at.eq(At(now)))
        .execute(tx.writing())?;
    secrets::delete_all(tx, id)?;
    Ok(Guarded::of(deleted))
}
