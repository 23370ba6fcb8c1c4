//! Deliveries: which are due, and their leases. As letters in the outbox, each is made at least once: a
//! process that dies leaves its lease to run out.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{
    connection::SimpleConnection,
    dsl::{exists, not},
    prelude::*,
};

use super::secrets;
use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{
        api_clients as clients, webhook_deliveries as deliveries, webhook_endpoints as endpoints,
        webhook_events as events,
    },
    sql::{partial_index::is_undelivered, planner::IN_INDEX_ORDER, timestamp::At},
};
use crate::domain::{
    closed_set::closed_set,
    ids::{WebhookEndpointId, WebhookEventId},
    webhooks::{EndpointUrl, WebhookSecretRecord, WebhookStatus},
};

closed_set! {
    /// How far a delivery has come.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum DeliveryState {
        /// It is to be tried, or tried again.
        Pending = "pending",
        /// The endpoint accepted it.
        Delivered = "delivered",
        /// Its last attempt failed.
        Failed = "failed",
        /// Its endpoint is disabled.
        Held = "held",
    }
}

/// A delivery that this process may make until the lease ends.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The endpoint.
    pub endpoint: WebhookEndpointId,
    /// Its URL.
    pub url: EndpointUrl,
    /// Whether the URL may be in a network that the operator named.
    pub set_by_staff: bool,
    /// Its secrets, the newest first.
    pub secrets: Vec<WebhookSecretRecord>,
    /// The event.
    pub event: WebhookEventId,
    /// Its type.
    pub event_type: String,
    /// The body.
    pub payload: String,
    /// The number of this attempt, 1 for the first.
    pub attempt: i32,
}

/// The active endpoints to which something is due at `now`, at most `limit`. None of clients that were
/// revoked or have expired.
pub fn due_endpoints(
    connection: &mut AnyConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<WebhookEndpointId>, DbFault> {
    let due = deliveries::table
        .filter(deliveries::endpoint_id.eq(endpoints::id))
        .filter(is_undelivered().and(deliveries::next_attempt_at.le(At(now))));
    let rows: Vec<String> = endpoints::table
        .inner_join(clients::table.on(clients::id.eq(endpoints::client_id)))
        .filter(endpoints::status.eq(WebhookStatus::Active.as_str()))
        .filter(endpoints::deleted_at.is_null().and(clients::revoked_at.is_null()))
        .filter(clients::expires_at.is_null().or(clients::expires_at.gt(At(now)).assume_not_null()))
        .filter(exists(due))
        .select(endpoints::id)
        .limit(limit)
        .load(connection)?;
    let corrupt =
        |id: &str| DbFault::Corrupt { table: "webhook_endpoints", column: "id", row: id.to_owned() };
    rows.iter().map(|id| id.parse().map_err(|_| corrupt(id))).collect()
}

/// Claims up to `limit` due deliveries to this endpoint at `now`, until `lease_ends`. Of the events of one
/// invitation only the first one that is not delivered is claimed, so that they arrive in order.
pub fn claim(
    tx: &mut Tx<'_>,
    endpoint: WebhookEndpointId,
    limit: i64,
    (now, lease_ends): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Claimed>, DbFault> {
    let ids = due(tx, endpoint, limit, now)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let of_endpoint = deliveries::endpoint_id.eq(endpoint.as_str());
    let rows: Vec<(String, i32)> = diesel::update(deliveries::table)
        .filter(of_endpoint.and(deliveries::event_id.eq_any(ids)).and(is_undelivered()))
        .set((
            deliveries::attempts.eq(deliveries::attempts + 1),
            deliveries::next_attempt_at.eq(At(lease_ends)),
            deliveries::leased_until.eq(At(lease_ends)),
        ))
        .returning((deliveries::event_id, deliveries::attempts))
        .get_results(tx.writing())?;
    claimed(tx, endpoint, rows)
}

fn due(
    tx: &mut Tx<'_>,
    endpoint: WebhookEndpointId,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<String>, DbFault> {
    let earlier = diesel::alias!(deliveries as earlier);
    let is_before = earlier.field(deliveries::event_at).lt(deliveries::event_at).or(earlier
        .field(deliveries::event_at)
        .eq(deliveries::event_at)
        .and(earlier.field(deliveries::event_id).lt(deliveries::event_id)));
    let before = earlier.filter(
        earlier
            .field(deliveries::endpoint_id)
            .eq(deliveries::endpoint_id)
            .and(earlier.field(deliveries::subject).eq(deliveries::subject))
            .and(earlier.field(deliveries::state).eq(DeliveryState::Pending.as_str()))
            .and(is_before),
    );
    let due = deliveries::table
        .filter(deliveries::endpoint_id.eq(endpoint.as_str()))
        .filter(is_undelivered().and(deliveries::next_attempt_at.le(At(now))))
        .filter(not(exists(before)))
        .order((deliveries::next_attempt_at, deliveries::event_id))
        .limit(limit)
        .select(deliveries::event_id);
    Ok(match tx.writing() {
        AnyConnection::Postgres(c) => {
            c.batch_execute(IN_INDEX_ORDER)?;
            // Rows that another process is claiming are skipped without waiting. What follows them is not
            // claimed either, since they are still pending for this statement.
            due.for_update().skip_locked().load(c)?
        }
        AnyConnection::Sqlite(c) => due.load(c)?,
    })
}

/// What the deliveries of these events take: the endpoint and the bodies. Nothing where the endpoint takes
/// none any more; the lease then runs out.
fn claimed(
    tx: &mut Tx<'_>,
    endpoint: WebhookEndpointId,
    attempts: Vec<(String, i32)>,
) -> Result<Vec<Claimed>, DbFault> {
    let active = endpoints::status.eq(WebhookStatus::Active.as_str()).and(endpoints::deleted_at.is_null());
    let found: Option<(String, bool)> = endpoints::table
        .filter(endpoints::id.eq(endpoint.as_str()).and(active))
        .select((endpoints::url, endpoints::set_by_staff))
        .first(tx.reading())
        .optional()?;
    let Some((url, set_by_staff)) = found else { return Ok(Vec::new()) };
    let corrupt = |table, column, id: &str| DbFault::Corrupt { table, column, row: id.to_owned() };
    let url =
        EndpointUrl::stored(&url).ok_or_else(|| corrupt("webhook_endpoints", "url", endpoint.as_str()))?;
    let secrets =
        secrets::of(tx.reading(), &[endpoint.as_str()])?.remove(endpoint.as_str()).unwrap_or_default();
    let ids: Vec<&str> = attempts.iter().map(|(id, _)| id.as_str()).collect();
    let bodies: Vec<(String, String, String)> = events::table
        .filter(events::id.eq_any(ids))
        .select((events::id, events::event_type, events::payload))
        .load(tx.reading())?;
    let mut bodies: HashMap<String, (String, String)> =
        bodies.into_iter().map(|(id, event_type, payload)| (id, (event_type, payload))).collect();
    let with_body = attempts.into_iter().filter_map(|(id, attempt)| {
        let (event_type, payload) = bodies.remove(&id)?;
        let event = id.parse().map_err(|_| corrupt("webhook_events", "id", &id));
        Some(event.map(|event| Claimed {
            endpoint,
            url: url.clone(),
            set_by_staff,
            secrets: secrets.clone(),
            event,
            event_type,
            payload,
            attempt,
        }))
    });
    with_body.collect()
}
