//! Which endpoints have due deliveries, in turn.

use chrono::{DateTime, Utc};
use diesel::{dsl::exists, prelude::*, sql_types::Bool};

use crate::db::{
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{api_clients as clients, webhook_deliveries as deliveries, webhook_endpoints as endpoints},
    sql::{partial_index::is_undelivered, timestamp::At},
};
use crate::domain::{
    ids::{ClientId, WebhookEndpointId},
    webhooks::WebhookStatus,
};

/// An endpoint to which something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// The client that it belongs to.
    pub client: ClientId,
    /// Whether its deliveries fail.
    pub is_failing: bool,
}

/// Which endpoints are looked for.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// First those behind this one, then those before it and itself: each has its turn.
    pub after: Option<WebhookEndpointId>,
    /// None of these.
    pub except: Vec<WebhookEndpointId>,
    /// None of these clients.
    pub except_clients: Vec<ClientId>,
    /// None that fails.
    pub except_failing: bool,
    /// At most so many.
    pub limit: usize,
}

/// Behind every id.
const END: &str = "~";

/// The active endpoints to which something is due at `now`. None of clients that were revoked or have
/// expired.
pub fn due_endpoints(
    connection: &mut AnyConnection,
    search: &Search,
    now: DateTime<Utc>,
) -> Result<Vec<DueEndpoint>, DbFault> {
    let after = search.after.as_ref().map_or("", WebhookEndpointId::as_str);
    let mut found = between(connection, search, (after, END), search.limit, now)?;
    if found.len() < search.limit && !after.is_empty() {
        let left = search.limit - found.len();
        found.extend(between(connection, search, ("", after), left, now)?);
    }
    Ok(found)
}

/// Those whose id is greater than `from` and not greater than `to`.
fn between(
    connection: &mut AnyConnection,
    search: &Search,
    (from, to): (&str, &str),
    limit: usize,
    now: DateTime<Utc>,
) -> Result<Vec<DueEndpoint>, DbFault> {
    let due = deliveries::table
        .filter(deliveries::endpoint_id.eq(endpoints::id))
        .filter(is_undelivered().and(deliveries::next_attempt_at.le(At(now))));
    let except: Vec<&str> = search.except.iter().map(WebhookEndpointId::as_str).collect();
    let except_clients: Vec<&str> = search.except_clients.iter().map(ClientId::as_str).collect();
    let rows: Vec<(String, String, Option<At>)> = endpoints::table
        .inner_join(clients::table.on(clients::id.eq(endpoints::client_id)))
        .filter(endpoints::id.gt(from).and(endpoints::id.le(to)))
        .filter(endpoints::status.eq(WebhookStatus::Active.as_str()))
        .filter(endpoints::deleted_at.is_null().and(clients::revoked_at.is_null()))
        .filter(clients::expires_at.is_null().or(clients::expires_at.gt(At(now)).assume_not_null()))
        .filter(endpoints::id.ne_all(except).and(endpoints::client_id.ne_all(except_clients)))
        .filter(endpoints::failing_since.is_null().or((!search.except_failing).into_sql::<Bool>()))
        .filter(exists(due))
        .order(endpoints::id)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select((endpoints::id, endpoints::client_id, endpoints::failing_since))
        .load(connection)?;
    Ok(rows.iter().filter_map(read).collect())
}

/// One that cannot be read is left out, so that the others have their turn.
fn read((id, client, failing_since): &(String, String, Option<At>)) -> Option<DueEndpoint> {
    let (Ok(parsed), Ok(client)) = (id.parse(), client.parse()) else {
        tracing::warn!(endpoint = %id, "a webhook endpoint has an id that cannot be read");
        return None;
    };
    Some(DueEndpoint { id: parsed, client, is_failing: failing_since.is_some() })
}
