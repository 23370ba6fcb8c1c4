//! Providers report what became of letters: each event once, in whatever order they come.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Refusal, Services};
use crate::{
    db::{
        DbFault, Tx, events,
        feedback::{self, Reported},
        users,
    },
    domain::{
        actor::ActorRef,
        event::{Event, EventType},
        feedback::{Fate, Provider, Report},
        ids::{InvitationId, LetterId},
    },
};

/// So many reports share a transaction, so that people are not locked for long.
const MOST: usize = 200;
/// An event that comes again is known for so long; providers give up after days.
const KEPT: TimeDelta = TimeDelta::days(30);

/// What a report did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is on the letter and in the timeline.
    Told(Fate),
    /// Something that outranks it was known already.
    Outranked,
    /// It came before.
    Repeated,
    /// It is about no letter of ours.
    Unknown,
    /// It says nothing that matters here.
    Ignored,
}

impl Outcome {
    /// The word that metrics use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Told(fate) => fate.as_str(),
            Self::Outranked => "outranked",
            Self::Repeated => "repeated",
            Self::Unknown => "unknown_letter",
            Self::Ignored => "ignored",
        }
    }
}

/// Writes reports down. Those that were written stay so when a later one cannot be: the provider sends all of them again.
///
/// # Errors
/// [`Refusal::Db`].
pub async fn record(services: &Services, provider: Provider, reports: Vec<Report>) -> Result<Vec<Outcome>, Refusal> {
    let (mut telling, ignored): (Vec<Report>, Vec<Report>) = reports.into_iter().partition(|report| report.fate.is_some());
    // In one order, so that two transactions with the same events do not wait for each other crosswise.
    telling.sort_by(|one, other| one.event_id.cmp(&other.event_id));
    let mut outcomes = vec![Outcome::Ignored; ignored.len()];
    for some in telling.chunks(MOST) {
        let (writer, some) = (services.clone(), some.to_vec());
        outcomes.extend(services.db.write::<_, DbFault>(move |tx| write(&writer, tx, provider, &some)).await?);
    }
    Ok(outcomes)
}

fn write(services: &Services, tx: &mut Tx<'_>, provider: Provider, reports: &[Report]) -> Result<Vec<Outcome>, DbFault> {
    let now = services.clock.now();
    feedback::forget(tx, i64::try_from(2 * reports.len()).unwrap_or(i64::MAX), now - KEPT)?;
    let ids: Vec<LetterId> = reports.iter().filter_map(|report| report.letter).collect();
    let names: Vec<String> = reports.iter().flat_map(|report| report.message_ids.clone()).collect();
    let invited: HashSet<InvitationId> =
        feedback::reported(tx, provider, &ids, &names)?.into_iter().map(|letter| letter.invitation_id).collect();
    users::lock_invited(tx, &invited.into_iter().collect::<Vec<_>>())?;
    // Once more, as they are behind the locks.
    let mut letters = feedback::reported(tx, provider, &ids, &names)?;
    let (mut outcomes, mut timeline) = (Vec::with_capacity(reports.len()), Vec::new());
    for report in reports {
        let letter = letters.iter_mut().find(|letter| is_meant(report, letter));
        let (Some(letter), Some(fate)) = (letter, report.fate) else {
            outcomes.push(Outcome::Unknown);
            continue;
        };
        if !feedback::is_new(tx, provider, &report.event_id, now)? {
            outcomes.push(Outcome::Repeated);
            continue;
        }
        let told = feedback::tell(tx, letter.id, (fate, report.at), report.reason.as_deref())?;
        // A letter that waits is reported again and again; that it waits is told once.
        if fate != Fate::Deferred || letter.fate.is_none() {
            timeline.push(entry(services, provider, letter, (fate, report), now));
        }
        if told {
            letter.fate = Some(fate);
        }
        outcomes.push(if told { Outcome::Told(fate) } else { Outcome::Outranked });
    }
    if !timeline.is_empty() {
        events::insert(tx, &timeline)?;
    }
    Ok(outcomes)
}

/// By our own id, where the provider gives it back; else by the provider's.
fn is_meant(report: &Report, letter: &Reported) -> bool {
    report.letter.map_or_else(
        || letter.message_id.as_ref().is_some_and(|name| report.message_ids.contains(name)),
        |wanted| wanted == letter.id,
    )
}

fn entry(
    services: &Services,
    provider: Provider,
    letter: &Reported,
    (fate, report): (Fate, &Report),
    now: DateTime<Utc>,
) -> Event {
    let event_type = match fate {
        Fate::Deferred => EventType::EmailDeferred,
        Fate::Delivered => EventType::EmailDelivered,
        Fate::Bounced => EventType::EmailBounced,
        Fate::Complained => EventType::EmailComplained,
    };
    let at = report.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let mut details = json!({ "reported_at": at, "superseded": letter.superseded });
    if let (Some(reason), Some(members)) = (&report.reason, details.as_object_mut()) {
        members.insert("reason".to_owned(), Value::String(reason.clone()));
    }
    services.event(letter.invitation_id, event_type, now, ActorRef::provider(provider), details)
}
