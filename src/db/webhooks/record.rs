//! Records what became of an attempt: on the delivery, on its endpoint, and in the log.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    attempts::{self, Attempt},
    deliveries::{Claimed, DeliveryState},
    endpoints,
};
use crate::db::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    schema::{webhook_deliveries as deliveries, webhook_endpoints},
    sql::{partial_index::is_undelivered, timestamp::At},
};
use crate::domain::{
    ids::WebhookEndpointId,
    webhooks::{DisabledReason, EndpointUrl, WebhookStatus, failing_since},
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

/// Records an attempt at a claimed delivery, that ended at `now`. Returns since when the deliveries of the
/// endpoint fail; `None` after one that succeeded, and where the endpoint has another URL by now, of which
/// the attempt says nothing. The endpoint is locked first, as everywhere.
///
/// A delivery that is no longer as the claim left it, since it was claimed anew after its lease or asked for
/// again, stays as it is: the attempt does not count, and stands in the log all the same.
pub fn record(
    tx: &mut Tx<'_>,
    (attempt, claimed): (&Attempt, &Claimed),
    (outcome, now): (Recorded, DateTime<Utc>),
) -> Result<Option<DateTime<Utc>>, DbFault> {
    endpoints::lock(tx, attempt.endpoint)?;
    attempts::insert(tx.writing(), attempt)?;
    let (state, due) = match outcome {
        Recorded::Delivered => (DeliveryState::Delivered, now),
        Recorded::Retry(at) => (DeliveryState::Pending, at),
        Recorded::Failed => (DeliveryState::Failed, now),
    };
    let subjects: Vec<String> = diesel::update(deliveries::table.find(key(attempt)))
        // No words of a partial index: it is found by its key.
        .filter(deliveries::state.eq(DeliveryState::Pending.as_str()))
        // A claim sets both to the end of its lease, and a replay the first one alone.
        .filter(deliveries::next_attempt_at.eq(At(claimed.leased_until)))
        .filter(deliveries::leased_until.eq(At(claimed.leased_until)).assume_not_null())
        .set((
            deliveries::attempts.eq(attempt.attempt),
            deliveries::state.eq(state.as_str()),
            deliveries::next_attempt_at.eq(At(due)),
            deliveries::leased_until.eq(None::<At>),
        ))
        .returning(deliveries::subject)
        .get_results(tx.writing())?;
    if state != DeliveryState::Pending {
        subjects.iter().try_for_each(|subject| release_next(tx, attempt.endpoint, subject, now))?;
    }
    health(tx, (attempt.endpoint, &claimed.url), outcome == Recorded::Delivered, now)
}

/// The delivery of an attempt.
fn key(attempt: &Attempt) -> (&str, &str) {
    (attempt.endpoint.as_str(), attempt.event.as_str())
}

/// Makes the next event of this person due at `now`, which a claim has postponed until the end of the
/// lease. One that was tried before has a time of its own.
fn release_next(
    tx: &mut Tx<'_>,
    endpoint: WebhookEndpointId,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<(), DbFault> {
    let next: Option<String> = deliveries::table
        .filter(deliveries::endpoint_id.eq(endpoint.as_str()).and(deliveries::subject.eq(subject)))
        .filter(is_undelivered())
        .order((deliveries::event_at, deliveries::event_id))
        .select(deliveries::event_id)
        .first(tx.reading())
        .optional()?;
    let Some(next) = next else { return Ok(()) };
    diesel::update(deliveries::table.find((endpoint.as_str(), next)))
        .filter(deliveries::state.eq(DeliveryState::Pending.as_str()))
        .filter(deliveries::leased_until.is_null().or(deliveries::leased_until.le(At(now)).assume_not_null()))
        .filter(deliveries::attempts.eq(0).and(deliveries::next_attempt_at.gt(At(now))))
        .set(deliveries::next_attempt_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(())
}

/// Notes on the endpoint whether it works, if it still has this URL.
fn health(
    tx: &mut Tx<'_>,
    (endpoint, url): (WebhookEndpointId, &EndpointUrl),
    works: bool,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, DbFault> {
    let one = || webhook_endpoints::table.find(endpoint.as_str());
    let known: Option<(Option<At>, Option<At>)> = one()
        .filter(webhook_endpoints::url.eq(url.as_str()))
        .select((webhook_endpoints::failing_since, webhook_endpoints::last_failed_at))
        .first(tx.reading())
        .optional()?;
    let Some((since, last)) = known.map(|(since, last)| (since.map(|at| at.0), last.map(|at| at.0))) else {
        return Ok(None);
    };
    let failing = (!works).then(|| failing_since(since.zip(last), now));
    if failing.is_some() || since.is_some() {
        let last = failing.map(|_| At(now));
        diesel::update(one())
            .set((
                webhook_endpoints::failing_since.eq(failing.map(At)),
                webhook_endpoints::last_failed_at.eq(last),
            ))
            .execute(tx.writing())?;
    }
    Ok(failing)
}

/// Disables an active endpoint with this URL. What it was to get waits, as for a paused one. Stale where it
/// was disabled, paused or moved to another URL meanwhile.
pub fn disable(
    tx: &mut Tx<'_>,
    (endpoint, url): (WebhookEndpointId, &EndpointUrl),
    (reason, now): (DisabledReason, DateTime<Utc>),
) -> Result<Guarded, DbFault> {
    let disabled = diesel::update(webhook_endpoints::table.find(endpoint.as_str()))
        .filter(
            webhook_endpoints::status
                .eq(WebhookStatus::Active.as_str())
                .and(webhook_endpoints::deleted_at.is_null()),
        )
        .filter(webhook_endpoints::url.eq(url.as_str()))
        .set((
            webhook_endpoints::status.eq(WebhookStatus::Disabled.as_str()),
            webhook_endpoints::disabled_reason.eq(reason.as_str()),
            webhook_endpoints::disabled_at.eq(At(now)),
        ))
        .execute(tx.writing())?;
    Ok(Guarded::of(disabled))
}
