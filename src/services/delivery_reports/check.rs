//! Applies what a provider answered when it was asked about a letter.

use super::{EventApplier, check_id};
use crate::{
    db::{
        self, DbFault, Tx,
        letters::webhook_events::{self, EventReceipt},
    },
    domain::{
        audit::AuditEvent,
        delivery_reports::{DeliveryEvent, Provider},
        ids::LetterId,
        letter_status::KnownStatus,
    },
    services::{ServiceError, Services},
};

/// Applies the answer by the rules of reports, and records that a caller asked. What it says and is known
/// already changes nothing, so that the same answer twice is one. An entry of the timeline has the provider
/// as its actor, as that of a report: it is what the provider says. Who asked is in the audit event.
///
/// # Errors
/// [`ServiceError::Db`].
pub async fn record_check(
    services: &Services,
    provider: Provider,
    letter: LetterId,
    (known, asked): (KnownStatus, AuditEvent),
) -> Result<(), ServiceError> {
    let writer = services.clone();
    let work = move |tx: &mut Tx<'_>| {
        apply(&writer, tx, (provider, letter), &known)?;
        db::audit::insert(tx, std::slice::from_ref(&asked))
    };
    Ok(services.db.write::<_, DbFault>(work).await?)
}

fn apply(
    services: &Services,
    tx: &mut Tx<'_>,
    (provider, id): (Provider, LetterId),
    known: &KnownStatus,
) -> Result<(), DbFault> {
    let mut applier = EventApplier::lock(services, tx, provider, (&[id], &[]))?;
    // It is gone, or its user was erased.
    let Some(letter) = applier.letters.first().cloned() else { return Ok(()) };
    if let (Some(unsettled), Some(accepted)) = (letter.unsettled, &known.accepted) {
        let at = accepted.at.min(applier.now);
        applier.record_lost_acceptance(tx, &letter, unsettled, (at, Some(&accepted.message_id)))?;
    }
    let mut events: Vec<DeliveryEvent> = known
        .events
        .iter()
        .map(|event| DeliveryEvent { letter: Some(id), ..event.clone() }.with_code_of_reason())
        .collect();
    events.sort_by(|one, other| (one.at, &one.event_id).cmp(&(other.at, &other.event_id)));
    for event in events {
        let is_news = applier.letters.first().is_some_and(|letter| event.status > letter.status);
        if let (true, Some(status)) = (is_news, event.status) {
            applier.apply(tx, &event)?;
            let (EventReceipt::First | EventReceipt::Repeated) =
                webhook_events::receive(tx, provider, &check_id(id, status), applier.now)?;
        }
    }
    applier.finish(tx)
}
