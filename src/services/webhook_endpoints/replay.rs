//! Sends events to a webhook endpoint again, from any time of the last 30 days.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::visible;
use crate::{
    db::{self, Tx, webhooks},
    domain::{
        actor::Actor,
        audit::{AuditAction, AuditOutcome},
        ids::{WebhookEndpointId, WebhookEventId},
        webhooks::WebhookStatus,
    },
    services::{ServiceError, Services, audit, idempotency::Ticket},
};

/// How many events one transaction makes due.
const MAX_BATCH: i64 = 5_000;

/// What is to be sent again.
#[derive(Debug, Clone, Copy)]
pub struct NewReplay {
    /// The events of this time and later ones.
    pub since: DateTime<Utc>,
    /// Only those that the endpoint has not accepted.
    pub undelivered_only: bool,
}

/// What is sent again.
#[derive(Debug, Clone, Copy)]
pub struct Replayed {
    /// How many events.
    pub events: usize,
}

/// One transaction of a replay.
struct Part {
    events: usize,
    last: Option<WebhookEventId>,
}

/// Makes events due again, with the ids and bodies that they had. They are sent in order, as if none had been
/// tried.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::EndpointInactive`] for one that
/// this service disabled, [`ServiceError::ReplayUnfinished`].
pub async fn replay(
    services: &Services,
    actor: &Actor,
    (id, asked): (WebhookEndpointId, NewReplay),
    ticket: Option<Ticket<Replayed>>,
) -> Result<Replayed, ServiceError> {
    let (mut done, mut after) = (0, None);
    loop {
        let (writer, actor, ticket) = (services.clone(), actor.clone(), ticket.clone());
        let part = move |tx: &mut Tx<'_>| {
            let part = one(&writer, tx, &actor, (id, asked, after))?;
            if part.last.is_none() {
                let all = Replayed { events: done + part.events };
                record(&writer, tx, &actor, (id, asked, all))?;
                if let Some(ticket) = &ticket {
                    ticket.store(tx, &all)?;
                }
            }
            Ok::<_, ServiceError>(part)
        };
        let Part { events, last } = services.db.write(part).await?;
        (done, after) = (done + events, last);
        if after.is_none() {
            return Ok(Replayed { events: done });
        }
    }
}

/// Makes due what follows `after`. `last` is where the next transaction begins, if there may be more.
fn one(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    (id, asked, after): (WebhookEndpointId, NewReplay, Option<WebhookEventId>),
) -> Result<Part, ServiceError> {
    webhooks::lock(tx, id)?;
    if visible(tx.reading(), actor, id)?.status == WebhookStatus::Disabled {
        return Err(ServiceError::EndpointInactive);
    }
    let now = services.clock.now();
    // Else each of many requests would make 30 days due anew.
    if after.is_none() && webhooks::is_replay_unfinished(tx, id, now)? {
        return Err(ServiceError::ReplayUnfinished);
    }
    let NewReplay { since, undelivered_only } = asked;
    let asked = webhooks::Replay { endpoint: id, since, undelivered_only, after, limit: MAX_BATCH };
    let events = webhooks::replay(tx, &asked, now)?;
    let is_full = i64::try_from(events.len()).is_ok_and(|found| found == MAX_BATCH);
    Ok(Part { events: events.len(), last: events.last().copied().filter(|_| is_full) })
}

fn record(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    (id, asked, all): (WebhookEndpointId, NewReplay, Replayed),
) -> Result<(), ServiceError> {
    let details =
        json!({ "since": asked.since, "undelivered_only": asked.undelivered_only, "events": all.events });
    let done = (AuditAction::WebhooksReplayed, AuditOutcome::Succeeded);
    let event = audit::event(&services.clock, done, actor.who.clone(), id.to_string(), details);
    Ok(db::audit::insert(tx, &[event])?)
}
