//! Deliveries whose time has come. Of the events of one person only the first one that is neither accepted
//! nor given up may be sent: the head. Those behind it that are due are blocked: they get the time
//! of their head, so that no later claim looks at them in vain.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::{prelude::*, sql_query, sql_types::Text};

use crate::db::{
    Tx,
    error::DbFault,
    sql::timestamp::{At, UtcTimestamp},
};
use crate::domain::ids::WebhookEndpointId;

/// How many due deliveries are looked at together.
pub(super) const MAX_LOOKED_AT: usize = 200;

/// A column of the head of the delivery in `of`. The condition of the partial index
/// `webhook_deliveries_in_order` is in the text (`sql::partial_index`).
fn head(column: &str, of: &str) -> String {
    format!(
        "(SELECT head.{column} FROM webhook_deliveries AS head \
            WHERE head.endpoint_id = {of}.endpoint_id AND head.subject = {of}.subject \
            AND head.state = 'pending' ORDER BY head.event_at, head.event_id LIMIT 1)"
    )
}

/// The due deliveries of an endpoint, each with its head, by the partial index `webhook_deliveries_due`.
fn due_with_heads() -> String {
    let (id, at) = (head("event_id", "waiting"), head("next_attempt_at", "waiting"));
    format!(
        "SELECT event_id, next_attempt_at, {id} AS head_id, {at} AS head_at \
        FROM webhook_deliveries AS waiting \
        WHERE endpoint_id = $1 AND state = 'pending' AND next_attempt_at <= $2 \
        ORDER BY next_attempt_at, event_id LIMIT {MAX_LOOKED_AT}"
    )
}

/// Gives deliveries up to one that was looked at the time of their heads, where that is later.
fn postponement() -> String {
    let at = head("next_attempt_at", "webhook_deliveries");
    format!(
        "UPDATE webhook_deliveries SET next_attempt_at = {at} \
        WHERE endpoint_id = $1 AND state = 'pending' AND (next_attempt_at, event_id) <= ($2, $3) \
        AND next_attempt_at < {at}"
    )
}

/// A due delivery, and its head: itself, or the one that it waits for.
#[derive(QueryableByName)]
pub(super) struct Due {
    #[diesel(sql_type = Text)]
    event_id: String,
    #[diesel(sql_type = UtcTimestamp)]
    next_attempt_at: At,
    #[diesel(sql_type = Text)]
    head_id: String,
    #[diesel(sql_type = UtcTimestamp)]
    head_at: At,
}

/// The first [`MAX_LOOKED_AT`] deliveries that are due at `now`, the one that has waited longest first.
pub(super) fn look(
    tx: &mut Tx<'_>,
    endpoint: WebhookEndpointId,
    now: DateTime<Utc>,
) -> Result<Vec<Due>, DbFault> {
    let query =
        sql_query(due_with_heads()).bind::<Text, _>(endpoint.as_str()).bind::<UtcTimestamp, _>(At(now));
    let rows: Vec<Due> = each!(tx.writing(), c => query.load(c))?;
    Ok(rows)
}

/// The heads of these deliveries that are due at `now`, each once, at most `limit`.
pub(super) fn heads(looked_at: &[Due], now: DateTime<Utc>, limit: usize) -> Vec<&str> {
    let mut seen = HashSet::new();
    let due = looked_at.iter().filter(|one| one.head_at.0 <= now).map(|one| one.head_id.as_str());
    due.filter(|id| seen.insert(*id)).take(limit).collect()
}

/// Gives those of these deliveries that are blocked the time of their heads: of a head that was claimed, the
/// end of its lease.
pub(super) fn postpone_blocked(
    tx: &mut Tx<'_>,
    endpoint: WebhookEndpointId,
    looked_at: &[Due],
) -> Result<(), DbFault> {
    let is_any_blocked = looked_at.iter().any(|one| one.event_id != one.head_id);
    let Some(last) = looked_at.last().filter(|_| is_any_blocked) else { return Ok(()) };
    let query = sql_query(postponement())
        .bind::<Text, _>(endpoint.as_str())
        .bind::<UtcTimestamp, _>(last.next_attempt_at)
        .bind::<Text, _>(&last.event_id);
    each!(tx.writing(), c => query.execute(c))?;
    Ok(())
}
