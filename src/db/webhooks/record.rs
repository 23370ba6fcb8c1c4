//! Records what became of an attempt: on the delivery, on its endpoint, and in the log.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    attempts::{self, Attempt},
    deliveries::DeliveryState,
};
use crate::db::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    pool::any_connection::AnyConnection,
    schema::{webhook_deliveries as deliveries, webhook_endpoints as endpoints},
    sql::{partial_index::is_undelivered, timestamp::At},
};
use crate::domain::{
    ids::WebhookEndpointId,
    webhooks::{DisabledReason, WebhookStatus},
};

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// The endpoint accepted the event.
    Delivered,
    /// It did not; it is asked again at this time.
    Retry(DateTime<Utc>),
    /// It did not, and this was the last attempt.
    Failed,
}

/// Records an attempt that ended at `now`. Returns since when the deliveries of the endpoint fail; `None`
/// after one that succeeded.
///
/// A delivery that is no longer at that attempt, since its lease ran out or it was asked for again, stays as
/// it is: the attempt stands in the log all the same.
pub fn record(
    tx: &mut Tx<'_>,
    attempt: &Attempt,
    (outcome, now): (Recorded, DateTime<Utc>),
) -> Result<Option<DateTime<Utc>>, DbFault> {
    attempts::insert(tx.writing(), attempt)?;
    let (state, due) = match outcome {
        Recorded::Delivered => (DeliveryState::Delivered, now),
        Recorded::Retry(at) => (DeliveryState::Pending, at),
        Recorded::Failed => (DeliveryState::Failed, now),
    };
    let changed = diesel::update(deliveries::table.find(key(attempt)))
        .filter(is_undelivered().and(deliveries::attempts.eq(attempt.attempt)))
        .filter(deliveries::leased_until.is_not_null())
        .set((
            deliveries::state.eq(state.as_str()),
            deliveries::next_attempt_at.eq(At(due)),
            deliveries::leased_until.eq(None::<At>),
        ))
        .execute(tx.writing())?;
    if let (Recorded::Retry(at), Guarded::Applied) = (outcome, Guarded::of(changed)) {
        postpone_later(tx, attempt, at)?;
    }
    health(tx, attempt.endpoint, outcome == Recorded::Delivered, now)
}

/// The delivery of an attempt.
fn key(attempt: &Attempt) -> (&str, &str) {
    (attempt.endpoint.as_str(), attempt.event.as_str())
}

/// Lets the later events of the same invitation wait as long: until then each claim would look at them in
/// vain.
fn postpone_later(tx: &mut Tx<'_>, attempt: &Attempt, until: DateTime<Utc>) -> Result<(), DbFault> {
    let subject: Option<String> =
        deliveries::table.find(key(attempt)).select(deliveries::subject).first(tx.reading()).optional()?;
    let Some(subject) = subject else { return Ok(()) };
    diesel::update(deliveries::table)
        .filter(deliveries::endpoint_id.eq(attempt.endpoint.as_str()).and(deliveries::subject.eq(subject)))
        .filter(is_undelivered().and(deliveries::leased_until.is_null()))
        .filter(deliveries::next_attempt_at.lt(At(until)))
        .set(deliveries::next_attempt_at.eq(At(until)))
        .execute(tx.writing())?;
    Ok(())
}

/// Notes on the endpoint whether it works. It is locked only where that changes.
fn health(
    tx: &mut Tx<'_>,
    endpoint: WebhookEndpointId,
    works: bool,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, DbFault> {
    let one = || endpoints::table.find(endpoint.as_str());
    let known: Option<Option<At>> = one().select(endpoints::failing_since).first(tx.reading()).optional()?;
    let since = known.flatten();
    if works && since.is_some() {
        diesel::update(one()).set(endpoints::failing_since.eq(None::<At>)).execute(tx.writing())?;
    }
    if !works && since.is_none() {
        diesel::update(one()).set(endpoints::failing_since.eq(At(now))).execute(tx.writing())?;
    }
    Ok(if works { None } else { Some(since.map_or(now, |at| at.0)) })
}

/// Disables an active endpoint, and holds what it was to get. Stale where it was disabled or paused
/// meanwhile.
pub fn disable(
    tx: &mut Tx<'_>,
    endpoint: WebhookEndpointId,
    (reason, now): (DisabledReason, DateTime<Utc>),
) -> Result<Guarded, DbFault> {
    let disabled = diesel::update(endpoints::table.find(endpoint.as_str()))
        .filter(endpoints::status.eq(WebhookStatus::Active.as_str()).and(endpoints::deleted_at.is_null()))
        .set((
            endpoints::status.eq(WebhookStatus::Disabled.as_str()),
            endpoints::disabled_reason.eq(reason.as_str()),
            endpoints::disabled_at.eq(At(now)),
        ))
        .execute(tx.writing())?;
    if Guarded::of(disabled) == Guarded::Applied {
        hold(tx.writing(), endpoint)?;
    }
    Ok(Guarded::of(disabled))
}

fn hold(connection: &mut AnyConnection, endpoint: WebhookEndpointId) -> Result<(), DbFault> {
    diesel::update(deliveries::table)
        .filter(deliveries::endpoint_id.eq(endpoint.as_str()).and(is_undelivered()))
        .set((deliveries::state.eq(DeliveryState::Held.as_str()), deliveries::leased_until.eq(None::<At>)))
        .execute(connection)?;
    Ok(())
}
