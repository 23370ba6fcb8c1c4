//! Providers report what became of letters: each event once, in whatever order they come.

use std::collections::HashSet;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{ServiceError, Services};
use crate::{
    db::{
        DbFault, Tx,
        invitations::timeline,
        letters::{
            delivery_reports::{self, Reported, Unsettled},
            mark_sent::{self, HandedOver},
            suppressions, webhook_events,
        },
        users,
    },
    domain::{
        actor::ActorRef,
        delivery_reports::{DeliveryEvent, DeliveryStatus, Provider, Verified},
        event::{Event, EventType},
        ids::{InvitationId, LetterId},
        letter::LetterPurpose,
        mail_fault::MailFault,
        suppression::Suppression,
    },
};

/// So many reports share a transaction, so that people are not locked for long.
const MAX_BATCH: usize = 200;
/// An event that comes again is known for so long; providers give up after days.
pub(super) const KEPT: TimeDelta = TimeDelta::days(30);

/// What a report did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is on the letter and in the timeline.
    Told(DeliveryStatus),
    /// The same: the provider gave it up for what the operator has to put right.
    Failed,
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
    /// Every outcome.
    pub fn all() -> impl Iterator<Item = Self> {
        let others = [Self::Outranked, Self::Repeated, Self::Unknown, Self::Ignored];
        DeliveryStatus::ALL.into_iter().map(Self::Told).chain(others)
    }

    /// The word that metrics use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Told(fate) => fate.as_str(),
            Self::Failed => "failed",
            Self::Outranked => "outranked",
            Self::Repeated => "repeated",
            Self::Unknown => "unknown_letter",
            Self::Ignored => "ignored",
        }
    }
}

/// Writes reports down; `None`, and nothing, when what proves them has proved another event before. Those
/// that were written stay so when a later one cannot be: the provider sends all of them again.
///
/// # Errors
/// [`ServiceError::Db`].
pub async fn record(
    services: &Services,
    provider: Provider,
    verified: Verified,
) -> Result<Option<Vec<Outcome>>, ServiceError> {
    let Verified { reports, token } = verified;
    let (mut telling, ignored): (Vec<DeliveryEvent>, Vec<DeliveryEvent>) =
        reports.into_iter().partition(|report| report.fate.is_some());
    // As it happened, so that the timeline reads so; and in one order, so that two transactions with the same
    // events do not wait for each other crosswise.
    telling.sort_by(|one, other| (one.at, &one.event_id).cmp(&(other.at, &other.event_id)));
    let mut outcomes = vec![Outcome::Ignored; ignored.len()];
    // What says nothing spends its token all the same.
    let nothing = token.iter().filter(|_| telling.is_empty()).map(|_| Vec::new());
    for some in telling.chunks(MAX_BATCH).map(<[DeliveryEvent]>::to_vec).chain(nothing) {
        let (writer, token) = (services.clone(), token.clone());
        let written = services.db.write::<_, DbFault>(move |tx| {
            let now = writer.clock.now();
            webhook_events::forget(tx, 2 * some.len().max(1), now - KEPT)?;
            let proved =
                token.as_ref().map_or(Ok(true), |token| webhook_events::spend(tx, provider, token, now))?;
            proved.then(|| write(&writer, tx, provider, &some)).transpose()
        });
        let Some(written) = written.await? else { return Ok(None) };
        outcomes.extend(written);
    }
    Ok(Some(outcomes))
}

fn write(
    services: &Services,
    tx: &mut Tx<'_>,
    provider: Provider,
    reports: &[DeliveryEvent],
) -> Result<Vec<Outcome>, DbFault> {
    let ids: Vec<LetterId> = reports.iter().filter_map(|report| report.letter).collect();
    let names: Vec<String> = reports.iter().flat_map(|report| report.message_ids.clone()).collect();
    let invited: HashSet<InvitationId> = delivery_reports::reported(tx, provider, &ids, &names)?
        .into_iter()
        .map(|letter| letter.invitation_id)
        .collect();
    users::lock_invited(tx, &invited.into_iter().collect::<Vec<_>>())?;
    // Once more, as they are behind the locks.
    let letters = delivery_reports::reported(tx, provider, &ids, &names)?;
    let mut teller =
        ReportApplier { services, provider, now: services.clock.now(), letters, timeline: Vec::new() };
    let outcomes = reports.iter().map(|report| teller.tell(tx, report)).collect::<Result<_, _>>()?;
    if !teller.timeline.is_empty() {
        timeline::insert(tx, &teller.timeline)?;
    }
    Ok(outcomes)
}

/// Tells reports one after the other, each to what those before it have left.
struct ReportApplier<'a> {
    services: &'a Services,
    provider: Provider,
    now: DateTime<Utc>,
    letters: Vec<Reported>,
    timeline: Vec<Event>,
}

impl ReportApplier<'_> {
    fn tell(&mut self, tx: &mut Tx<'_>, report: &DeliveryEvent) -> Result<Outcome, DbFault> {
        let place = self.letters.iter().position(|letter| is_meant(report, letter));
        let (Some(place), Some(fate)) = (place, report.fate) else { return Ok(Outcome::Unknown) };
        if !webhook_events::is_new(tx, self.provider, &report.event_id, self.now)? {
            return Ok(Outcome::Repeated);
        }
        let letter = self.letters[place].clone();
        if let Some(unsettled) = letter.unsettled {
            self.settle(tx, &letter, unsettled, report)?;
            self.letters[place].unsettled = None;
        }
        // Clocks differ, and most providers count whole seconds: nothing is heard of a letter before it was
        // sent.
        let sent_at = self.letters[place].sent_at;
        let report = &DeliveryEvent {
            at: sent_at.map_or(report.at, |sent_at| sent_at.max(report.at)),
            ..report.clone()
        };
        let has_failed = report.fault.is_some_and(MailFault::is_operators);
        if report.may_be_reply && letter.fate >= Some(DeliveryStatus::Delivered) {
            return Ok(Outcome::Outranked);
        }
        self.suppress(tx, &letter, report)?;
        // A letter that waits is reported again and again; that it waits is told once.
        if fate != DeliveryStatus::Deferred || letter.fate.is_none() {
            let at = report.at.to_rfc3339_opts(SecondsFormat::Millis, true);
            let mut details = json!({ "reported_at": at, "superseded": letter.superseded });
            if let Some(reason) = &report.reason {
                details["reason"] = reason.as_str().into();
            }
            if let Some(fault) = report.fault {
                details["fault"] = fault.as_str().into();
            }
            if has_failed {
                details["will_retry"] = false.into();
            }
            self.enter(&letter, if has_failed { EventType::EmailFailed } else { entry_of(fate) }, details);
        }
        let told = self.write(tx, letter.id, fate, report)?;
        // Whom it annoyed, and whose mailbox has gone, has no use for the invitation's letter either.
        if letter.purpose == LetterPurpose::Reminder
            && fate >= DeliveryStatus::Bounced
            && !has_failed
            && !letter.superseded
            && let Some(reminded) = delivery_reports::reminded(tx, &letter)?
        {
            self.write(tx, reminded, fate, report)?;
        }
        Ok(match told {
            false => Outcome::Outranked,
            true if has_failed => Outcome::Failed,
            true => Outcome::Told(fate),
        })
    }

    /// Whoever called a letter spam, and an address without a mailbox, are not written to again.
    fn suppress(&self, tx: &mut Tx<'_>, letter: &Reported, report: &DeliveryEvent) -> Result<(), DbFault> {
        let (Some(reason), Some(email)) = (report.suppresses(), letter.recipient.clone()) else {
            return Ok(());
        };
        let (id, detail) = (self.services.clock.id(), report.reason.clone());
        suppressions::add(tx, &Suppression { id, email, reason, detail, created_at: self.now })
    }

    fn write(
        &mut self,
        tx: &mut Tx<'_>,
        letter: LetterId,
        fate: DeliveryStatus,
        report: &DeliveryEvent,
    ) -> Result<bool, DbFault> {
        let told =
            delivery_reports::tell(tx, letter, (fate, report.at), (report.reason.as_deref(), report.fault))?;
        if let Some(letter) = self.letters.iter_mut().find(|one| one.id == letter).filter(|_| told) {
            letter.fate = Some(fate);
        }
        Ok(told)
    }

    /// The provider took it, and its answer was lost: what the courier would have recorded.
    fn settle(
        &mut self,
        tx: &mut Tx<'_>,
        letter: &Reported,
        unsettled: Unsettled,
        report: &DeliveryEvent,
    ) -> Result<(), DbFault> {
        let at = report.at.max(unsettled.created_at);
        if let Some(one) = self.letters.iter_mut().find(|one| one.id == letter.id) {
            one.sent_at = Some(at);
        }
        if !delivery_reports::settle(
            tx,
            self.provider,
            letter.id,
            at,
            report.message_ids.first().map(String::as_str),
        )? {
            return Ok(());
        }
        // A reminder gives no further time.
        if letter.purpose == LetterPurpose::Invitation {
            let (invitation, generation, expires_at) =
                (letter.invitation_id, letter.generation, self.services.rules.link_lifetime.expires_at(at));
            mark_sent::handed_over(tx, &[HandedOver { invitation, generation, at, expires_at }])?;
        }
        self.enter(letter, EventType::EmailSent, json!({ "attempt": unsettled.attempts }));
        Ok(())
    }

    fn enter(&mut self, letter: &Reported, event_type: EventType, mut details: Value) {
        if letter.purpose == LetterPurpose::Reminder {
            details["letter"] = LetterPurpose::Reminder.as_str().into();
        }
        let actor = ActorRef::provider(self.provider);
        self.timeline.push(self.services.event(letter.invitation_id, event_type, self.now, actor, details));
    }
}

/// By our own id, where the provider gives it back; else by the provider's.
fn is_meant(report: &DeliveryEvent, letter: &Reported) -> bool {
    report.letter.map_or_else(
        || letter.message_id.as_ref().is_some_and(|name| report.message_ids.contains(name)),
        |wanted| wanted == letter.id,
    )
}

fn entry_of(fate: DeliveryStatus) -> EventType {
    match fate {
        DeliveryStatus::Deferred => EventType::EmailDeferred,
        DeliveryStatus::Delivered => EventType::EmailDelivered,
        DeliveryStatus::Bounced => EventType::EmailBounced,
        DeliveryStatus::Complained => EventType::EmailComplained,
    }
}
