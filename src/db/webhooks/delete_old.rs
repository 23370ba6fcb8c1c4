//! Deletes what is older than it is kept.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use crate::db::{
    Tx,
    error::DbFault,
    schema::{
        webhook_attempts as attempts, webhook_deliveries as deliveries, webhook_endpoints as endpoints,
        webhook_events as events, webhook_secrets as secrets,
    },
    sql::timestamp::At,
};
use crate::domain::ids::{WebhookAttemptId, WebhookEventId};

/// Deletes events, their deliveries, attempts, and endpoints that were deleted, of a time before `until`; at
/// most `most` of each, the oldest first. Returns the number of rows.
pub fn delete_old(tx: &mut Tx<'_>, most: usize, until: DateTime<Utc>) -> Result<usize, DbFault> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let old: Vec<String> = events::table
        .filter(events::id.lt(WebhookEventId::earliest_at(until).to_string()))
        .select(events::id)
        .order(events::id)
        .limit(most)
        .load(tx.reading())?;
    diesel::delete(deliveries::table.filter(deliveries::event_id.eq_any(&old))).execute(tx.writing())?;
    let forgotten = diesel::delete(events::table.filter(events::id.eq_any(old))).execute(tx.writing())?;
    let old: Vec<String> = attempts::table
        .filter(attempts::id.lt(WebhookAttemptId::earliest_at(until).to_string()))
        .select(attempts::id)
        .order(attempts::id)
        .limit(most)
        .load(tx.reading())?;
    let logged = diesel::delete(attempts::table.filter(attempts::id.eq_any(old))).execute(tx.writing())?;
    Ok(forgotten + logged + delete_endpoints(tx, most, until)?)
}

/// An endpoint that was deleted, once nothing refers to it.
fn delete_endpoints(tx: &mut Tx<'_>, most: i64, until: DateTime<Utc>) -> Result<usize, DbFault> {
    let awaited = deliveries::table.filter(deliveries::endpoint_id.eq(endpoints::id));
    let logged = attempts::table.filter(attempts::endpoint_id.eq(endpoints::id));
    let gone: Vec<String> = endpoints::table
        .filter(endpoints::deleted_at.lt(At(until)).assume_not_null())
        .filter(not(exists(awaited)).and(not(exists(logged))))
        .select(endpoints::id)
        .order(endpoints::id)
        .limit(most)
        .load(tx.reading())?;
    diesel::delete(secrets::table.filter(secrets::endpoint_id.eq_any(&gone))).execute(tx.writing())?;
    Ok(diesel::delete(endpoints::table.filter(endpoints::id.eq_any(gone))).execute(tx.writing())?)
}
