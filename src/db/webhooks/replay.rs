//! Sends events again.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, select},
    prelude::*,
    sql_types::Bool,
};

use super::deliveries::DeliveryState;
use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::MultiBackend,
    schema::{webhook_deliveries as deliveries, webhook_endpoints as endpoints},
    sql::{partial_index::is_undelivered, timestamp::At},
};
use crate::domain::ids::{WebhookEndpointId, WebhookEventId};

/// Which events are sent again.
#[derive(Debug, Clone, Copy)]
pub struct Replay {
    /// To this endpoint.
    pub endpoint: WebhookEndpointId,
    /// Those of this time and later ones.
    pub since: DateTime<Utc>,
    /// Only those that the endpoint has not accepted.
    pub undelivered_only: bool,
    /// Later ones than this event.
    pub after: Option<WebhookEventId>,
    /// At most so many.
    pub limit: i64,
}

/// Whether events of the last replay are due at `now` and have not been tried. Those that were tried, and the
/// later ones of their persons, wait for another time and do not count.
pub fn is_unfinished(
    tx: &mut Tx<'_>,
    endpoint: WebhookEndpointId,
    now: DateTime<Utc>,
) -> Result<bool, DbFault> {
    let last: Option<Option<String>> = endpoints::table
        .find(endpoint.as_str())
        .select(endpoints::replayed_to)
        .first(tx.reading())
        .optional()?;
    let Some(last) = last.flatten() else { return Ok(false) };
    let untried = deliveries::table
        .filter(deliveries::endpoint_id.eq(endpoint.as_str()).and(deliveries::event_id.le(last)))
        .filter(
            is_undelivered().and(deliveries::attempts.eq(0)).and(deliveries::next_attempt_at.le(At(now))),
        );
    Ok(select(exists(untried)).get_result(tx.reading())?)
}

/// Makes deliveries due at `now`, as if none had been tried. Returns their events, the oldest first; fewer
/// than the limit are the last ones.
pub fn replay(tx: &mut Tx<'_>, asked: &Replay, now: DateTime<Utc>) -> Result<Vec<WebhookEventId>, DbFault> {
    let mut query = deliveries::table
        .filter(deliveries::endpoint_id.eq(asked.endpoint.to_string()))
        // Ids begin with their time, so that times are bounds of the index.
        .filter(deliveries::event_id.ge(WebhookEventId::earliest_at(asked.since).to_string()))
        .order(deliveries::event_id)
        .limit(asked.limit)
        .select(deliveries::event_id)
        .into_boxed::<MultiBackend>();
    if let Some(after) = asked.after {
        query = query.filter(deliveries::event_id.gt(after.to_string()));
    }
    let is_unaccepted = || deliveries::state.ne(DeliveryState::Delivered.as_str());
    if asked.undelivered_only {
        query = query.filter(is_unaccepted());
    }
    let ids: Vec<String> = query.load(tx.reading())?;
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(Vec::new()) };
    // By a range of the key: a long list of ids would be compared with all rows of the endpoint, while the
    // server has no statistics of the table.
    diesel::update(deliveries::table)
        .filter(deliveries::endpoint_id.eq(asked.endpoint.as_str()))
        .filter(deliveries::event_id.ge(first).and(deliveries::event_id.le(last)))
        .filter(is_unaccepted().or((!asked.undelivered_only).into_sql::<Bool>()))
        .set((
            deliveries::state.eq(DeliveryState::Pending.as_str()),
            deliveries::attempts.eq(0),
            deliveries::next_attempt_at.eq(At(now)),
            // A lease stays: an erasure waits for the attempt that is under way.
        ))
        .execute(tx.writing())?;
    diesel::update(endpoints::table.find(asked.endpoint.as_str()))
        .set(endpoints::replayed_to.eq(last.as_str()))
        .execute(tx.writing())?;
    let corrupt =
        |id: &str| DbFault::Corrupt { table: "webhook_deliveries", column: "event_id", row: id.to_owned() };
    ids.iter().map(|id| id.parse().map_err(|_| corrupt(id))).collect()
}
