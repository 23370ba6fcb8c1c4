//! Deliveries and their leases. As letters in the outbox, each is made at least once: a process that dies
//! leaves its lease to run out.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{connection::SimpleConnection, prelude::*};

use super::{due, secrets};
use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{webhook_deliveries as deliveries, webhook_endpoints as endpoints, webhook_events as events},
    sql::{planner::IN_INDEX_ORDER, timestamp::At},
};
use crate::domain::{
    closed_set::closed_set,
    ids::{WebhookEndpointId, WebhookEventId},
    trace_parent::TraceParent,
    webhooks::{EndpointUrl, WebhookSecretRecord, WebhookStatus},
};

closed_set! {
    /// How far a delivery has come.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum DeliveryState {
        /// It is to be tried, or tried again; while its endpoint is paused or disabled, it waits.
        Pending = "pending",
        /// The endpoint accepted it.
        Delivered = "delivered",
        /// It was given up: its last attempt failed.
        Failed = "failed",
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
    /// The number of this attempt, 1 for the first: it follows those that were recorded.
    pub attempt: i32,
    /// The span in which the event was written, for tracing.
    pub trace_parent: Option<TraceParent>,
    /// When the lease ends, by which the record of this attempt knows it.
    pub leased_until: DateTime<Utc>,
}

/// How often due deliveries are looked at in one claim: where all of them are blocked, the next ones follow.
const MAX_ROUNDS: usize = 10;

/// Claims up to `limit` due deliveries to this endpoint at `now`, until `lease_ends`. Of the events of one
/// person only the first one that is not delivered is claimed, so that they arrive in order. Nothing
/// where the endpoint takes none any more.
///
/// An attempt counts once its outcome is recorded: a process that dies uses up none.
///
/// The endpoint is locked, as it is for a record: of those that change its deliveries one waits for the
/// other.
pub fn claim(
    tx: &mut Tx<'_>,
    endpoint: WebhookEndpointId,
    limit: usize,
    (now, lease_ends): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Claimed>, DbFault> {
    let Some(target) = lock_active(tx, endpoint)? else { return Ok(Vec::new()) };
    if let AnyConnection::Postgres(c) = tx.writing() {
        c.batch_execute(IN_INDEX_ORDER)?;
    }
    let mut attempts = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let looked_at = due::look(tx, endpoint, now)?;
        let heads = due::heads(&looked_at, now, limit - attempts.len());
        attempts.extend(lease(tx, endpoint, heads, lease_ends)?);
        due::postpone_blocked(tx, endpoint, &looked_at)?;
        if attempts.len() >= limit || looked_at.len() < due::MAX_LOOKED_AT {
            break;
        }
    }
    claimed(tx, (endpoint, target), (attempts, lease_ends))
}

/// The URL of an active endpoint, which is locked until the end of the transaction, and whether staff set it.
fn lock_active(tx: &mut Tx<'_>, endpoint: WebhookEndpointId) -> Result<Option<(EndpointUrl, bool)>, DbFault> {
    let active = endpoints::status.eq(WebhookStatus::Active.as_str()).and(endpoints::deleted_at.is_null());
    let one = endpoints::table
        .filter(endpoints::id.eq(endpoint.as_str()).and(active))
        .select((endpoints::url, endpoints::set_by_staff));
    let target = match tx.writing() {
        AnyConnection::Postgres(c) => one.for_no_key_update().first::<(String, bool)>(c).optional()?,
        // A write transaction locks the whole file.
        AnyConnection::Sqlite(c) => one.first::<(String, bool)>(c).optional()?,
    };
    let corrupt =
        || DbFault::Corrupt { table: "webhook_endpoints", column: "url", row: endpoint.to_string() };
    target
        .map(|(url, set_by_staff)| Ok((EndpointUrl::stored(&url).ok_or_else(corrupt)?, set_by_staff)))
        .transpose()
}

/// Leases these deliveries, each found by its key. Returns their events, each with the number of its attempt.
fn lease(
    tx: &mut Tx<'_>,
    endpoint: WebhookEndpointId,
    ids: Vec<&str>,
    lease_ends: DateTime<Utc>,
) -> Result<Vec<(String, i32)>, DbFault> {
    let mut leased = Vec::with_capacity(ids.len());
    for id in ids {
        let recorded: Vec<i32> = diesel::update(deliveries::table.find((endpoint.as_str(), id)))
            .filter(deliveries::state.eq(DeliveryState::Pending.as_str()))
            .set((
                deliveries::next_attempt_at.eq(At(lease_ends)),
                deliveries::leased_until.eq(At(lease_ends)),
            ))
            .returning(deliveries::attempts)
            .get_results(tx.writing())?;
        leased.extend(recorded.into_iter().map(|attempts| (id.to_owned(), attempts.saturating_add(1))));
    }
    Ok(leased)
}

/// The type of an event, its payload, and its span.
type Body = (String, String, Option<String>);

/// What the deliveries of these events take: the endpoint and the bodies.
fn claimed(
    tx: &mut Tx<'_>,
    (endpoint, (url, set_by_staff)): (WebhookEndpointId, (EndpointUrl, bool)),
    (attempts, leased_until): (Vec<(String, i32)>, DateTime<Utc>),
) -> Result<Vec<Claimed>, DbFault> {
    if attempts.is_empty() {
        return Ok(Vec::new());
    }
    let secrets =
        secrets::of(tx.reading(), &[endpoint.as_str()])?.remove(endpoint.as_str()).unwrap_or_default();
    let ids: Vec<&str> = attempts.iter().map(|(id, _)| id.as_str()).collect();
    let bodies: Vec<(String, Body)> = events::table
        .filter(events::id.eq_any(ids))
        .select((events::id, (events::event_type, events::payload, events::trace_parent)))
        .load(tx.reading())?;
    let mut bodies: HashMap<String, Body> = bodies.into_iter().collect();
    let with_body = attempts.into_iter().filter_map(|(id, attempt)| {
        let (event_type, payload, trace_parent) = bodies.remove(&id)?;
        let corrupt = || DbFault::Corrupt { table: "webhook_events", column: "id", row: id.clone() };
        let event = id.parse().map_err(|_| corrupt());
        Some(event.map(|event| Claimed {
            endpoint,
            url: url.clone(),
            set_by_staff,
            secrets: secrets.clone(),
            event,
            event_type,
            payload,
            attempt,
            // Sending does not depend on it: what cannot be read is none.
            trace_parent: trace_parent.as_deref().and_then(TraceParent::parse),
            leased_until,
        }))
    });
    with_body.collect()
}
