//! Applies the delivery events of providers: each event once, in whatever order they arrive.

mod check;
mod returned;

use std::collections::HashSet;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

pub use self::{check::record_check, returned::record_returned_mail};
use super::{ServiceError, Services};
use crate::{
    db::{
        DbFault, Guarded, Tx,
        invitations::timeline,
        letters::{
            delivery_reports::{self, Reported, Unsettled},
            mark_sent::{self, Accepted},
            suppressions,
            webhook_events::{self, EventReceipt, TokenUse},
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

/// The number of events in one transaction: more would lock people's rows for long.
const MAX_BATCH: usize = 200;
/// How long an event is remembered, so that a repetition is recognised; providers retry for days.
pub(super) const EVENT_TTL: TimeDelta = TimeDelta::days(30);

/// What an event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The letter has this status now, and the timeline an entry.
    Applied(DeliveryStatus),
    /// The same for a bounce: the provider gave up for a reason that the operator has to put right.
    Failed,
    /// A status that outranks it was known already.
    Outranked,
    /// The same event was received before.
    Repeated,
    /// No letter of this service is meant.
    Unknown,
    /// Its kind says nothing about delivery.
    Ignored,
}

impl Outcome {
    /// Every outcome.
    pub fn all() -> impl Iterator<Item = Self> {
        let others = [Self::Failed, Self::Outranked, Self::Repeated, Self::Unknown, Self::Ignored];
        DeliveryStatus::ALL.into_iter().map(Self::Applied).chain(others)
    }

    /// The word that metrics use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied(status) => status.as_str(),
            Self::Failed => "failed",
            Self::Outranked => "outranked",
            Self::Repeated => "repeated",
            Self::Unknown => "unknown_letter",
            Self::Ignored => "ignored",
        }
    }
}

/// Applies the events of one request. `None`, and no change, when the request's token was spent for another
/// event before. Batches that were committed stay so when a later one fails: the provider sends all events
/// again.
///
/// # Errors
/// [`ServiceError::Db`].
pub async fn record(
    services: &Services,
    provider: Provider,
    verified: Verified,
) -> Result<Option<Vec<Outcome>>, ServiceError> {
    let Verified { events, token, .. } = verified;
    let (mut relevant, ignored): (Vec<DeliveryEvent>, Vec<DeliveryEvent>) =
        events.into_iter().map(DeliveryEvent::with_code_of_reason).partition(|event| event.status.is_some());
    // In the order of time, so that the timeline reads so; and in one order everywhere, so that two
    // transactions with the same events do not deadlock.
    relevant.sort_by(|one, other| (one.at, &one.event_id).cmp(&(other.at, &other.event_id)));
    let mut outcomes = vec![Outcome::Ignored; ignored.len()];
    // A request without a relevant event spends its token all the same.
    let nothing = token.iter().filter(|_| relevant.is_empty()).map(|_| Vec::new());
    for batch in relevant.chunks(MAX_BATCH).map(<[DeliveryEvent]>::to_vec).chain(nothing) {
        let (services_in_tx, token) = (services.clone(), token.clone());
        let written = services.db.write::<_, DbFault>(move |tx| {
            let now = services_in_tx.clock.now();
            webhook_events::delete_old(tx, 2 * batch.len().max(1), now - EVENT_TTL)?;
            if let Some(token) = &token
                && webhook_events::spend(tx, provider, token, now)? == TokenUse::SpentBefore
            {
                return Ok(None);
            }
            apply_all(&services_in_tx, tx, provider, &batch).map(Some)
        });
        let Some(written) = written.await? else { return Ok(None) };
        outcomes.extend(written);
    }
    Ok(Some(outcomes))
}

fn apply_all(
    services: &Services,
    tx: &mut Tx<'_>,
    provider: Provider,
    events: &[DeliveryEvent],
) -> Result<Vec<Outcome>, DbFault> {
    let ids: Vec<LetterId> = events.iter().filter_map(|event| event.letter).collect();
    let message_ids: Vec<String> = events.iter().flat_map(|event| event.message_ids.clone()).collect();
    let mut applier = EventApplier::lock(services, tx, provider, (&ids, &message_ids))?;
    let outcomes = events.iter().map(|event| applier.apply(tx, event)).collect::<Result<_, _>>()?;
    applier.finish(tx)?;
    Ok(outcomes)
}

/// Applies events one after the other, each to the letters as the events before it left them.
struct EventApplier<'a> {
    services: &'a Services,
    provider: Provider,
    now: DateTime<Utc>,
    letters: Vec<Reported>,
    timeline: Vec<Event>,
}

impl<'a> EventApplier<'a> {
    /// Locks the people of these letters, and reads the letters: by this service's ids, or by the provider's.
    fn lock(
        services: &'a Services,
        tx: &mut Tx<'_>,
        provider: Provider,
        (ids, message_ids): (&[LetterId], &[String]),
    ) -> Result<Self, DbFault> {
        let invited: HashSet<InvitationId> = delivery_reports::reported(tx, provider, ids, message_ids)?
            .into_iter()
            .filter_map(|letter| letter.invitation_id)
            .collect();
        users::lock_invited(tx, &invited.into_iter().collect::<Vec<_>>())?;
        // Read again, now that the locks keep them as they are.
        let letters = delivery_reports::reported(tx, provider, ids, message_ids)?;
        Ok(Self { services, provider, now: services.clock.now(), letters, timeline: Vec::new() })
    }

    /// Writes the entries of timelines.
    fn finish(self, tx: &mut Tx<'_>) -> Result<(), DbFault> {
        if self.timeline.is_empty() { Ok(()) } else { timeline::insert(tx, &self.timeline) }
    }

    fn apply(&mut self, tx: &mut Tx<'_>, event: &DeliveryEvent) -> Result<Outcome, DbFault> {
        let index = self.letters.iter().position(|letter| matches_letter(event, letter));
        let (Some(index), Some(status)) = (index, event.status) else { return Ok(Outcome::Unknown) };
        let receipt = webhook_events::receive(tx, self.provider, &event.event_id, self.now)?;
        if receipt == EventReceipt::Repeated {
            return Ok(Outcome::Repeated);
        }
        let letter = self.letters[index].clone();
        // Known from asking the provider: the report may say why, and is no second entry of the timeline.
        let is_from_check = letter.status == Some(status)
            && webhook_events::is_received(tx, self.provider, &check_id(letter.id, status))?;
        if let Some(unsettled) = letter.unsettled {
            let message_id = event.message_ids.first().map(String::as_str);
            self.record_lost_acceptance(tx, &letter, unsettled, (event.at, message_id))?;
        }
        // Clocks differ, and most providers count whole seconds: no event is dated before the sending.
        let sent_at = self.letters[index].sent_at;
        let event =
            &DeliveryEvent { at: sent_at.map_or(event.at, |sent_at| sent_at.max(event.at)), ..event.clone() };
        self.apply_to(tx, (&letter, status), event, is_from_check)
    }

    /// Applies an event to its letter. `is_from_check`: the timeline has the status already.
    fn apply_to(
        &mut self,
        tx: &mut Tx<'_>,
        (letter, status): (&Reported, DeliveryStatus),
        event: &DeliveryEvent,
        is_from_check: bool,
    ) -> Result<Outcome, DbFault> {
        if event.may_be_reply && letter.status >= Some(DeliveryStatus::Delivered) {
            return Ok(Outcome::Outranked);
        }
        self.suppress(tx, letter, event)?;
        // A deferral is reported again and again, and stands in the timeline once.
        if !is_from_check && (status != DeliveryStatus::Deferred || letter.status.is_none()) {
            self.push_status(letter, status, event);
        }
        let stored = self.store(tx, letter.id, status, event)?;
        self.store_on_reminded(tx, (letter, status), event)?;
        Ok(match stored {
            Guarded::Stale => Outcome::Outranked,
            Guarded::Applied if has_failed(event) => Outcome::Failed,
            Guarded::Applied => Outcome::Applied(status),
        })
    }

    /// A person who called the reminder spam, or whose mailbox is gone, cannot use the invitation's letter
    /// either.
    fn store_on_reminded(
        &mut self,
        tx: &mut Tx<'_>,
        (letter, status): (&Reported, DeliveryStatus),
        event: &DeliveryEvent,
    ) -> Result<(), DbFault> {
        if letter.purpose == LetterPurpose::Reminder
            && status >= DeliveryStatus::Bounced
            && !has_failed(event)
            && !letter.superseded
            && let Some((reminded, known)) = delivery_reports::reminded(tx, letter)?
            && !(event.may_be_reply && known >= Some(DeliveryStatus::Delivered))
        {
            let (Guarded::Applied | Guarded::Stale) = self.store(tx, reminded, status, event)?;
        }
        Ok(())
    }

    /// No further letters are sent to a person who called one spam, nor to an address without a mailbox.
    fn suppress(&self, tx: &mut Tx<'_>, letter: &Reported, event: &DeliveryEvent) -> Result<(), DbFault> {
        let (Some(reason), Some(email)) = (event.suppresses(), letter.recipient.clone()) else {
            return Ok(());
        };
        let (id, detail) = (self.services.clock.id(), event.reason.clone());
        suppressions::add(tx, &Suppression { id, email, reason, detail, created_at: self.now })
    }

    /// Stores the status on the letter, unless a status that outranks it is stored already.
    fn store(
        &mut self,
        tx: &mut Tx<'_>,
        letter: LetterId,
        status: DeliveryStatus,
        event: &DeliveryEvent,
    ) -> Result<Guarded, DbFault> {
        let why = (event.reason.as_deref(), event.fault, event.status_code);
        let stored = delivery_reports::apply(tx, letter, (status, event.at), why)?;
        if stored == Guarded::Applied
            && let Some(letter) = self.letters.iter_mut().find(|one| one.id == letter)
        {
            letter.status = Some(status);
        }
        Ok(stored)
    }

    /// The provider accepted the letter and its answer was lost: records what the courier would have
    /// recorded.
    fn record_lost_acceptance(
        &mut self,
        tx: &mut Tx<'_>,
        letter: &Reported,
        unsettled: Unsettled,
        (at, message_id): (DateTime<Utc>, Option<&str>),
    ) -> Result<(), DbFault> {
        let at = at.max(unsettled.created_at);
        if let Some(one) = self.letters.iter_mut().find(|one| one.id == letter.id) {
            (one.sent_at, one.unsettled) = (Some(at), None);
        }
        let marked = delivery_reports::mark_accepted(tx, self.provider, letter.id, at, message_id)?;
        if marked == Guarded::Stale {
            return Ok(());
        }
        // A reminder does not extend the link.
        if letter.purpose == LetterPurpose::Invitation
            && let Some(invitation) = letter.invitation_id
        {
            let (generation, expires_at) =
                (letter.generation, self.services.rules.link_lifetime.expires_at(at));
            mark_sent::accepted_by_relay(tx, &[Accepted { invitation, generation, at, expires_at }])?;
        }
        self.push(letter, EventType::EmailSent, json!({ "attempt": unsettled.attempts }));
        Ok(())
    }

    /// Adds the timeline's entry of a status.
    fn push_status(&mut self, letter: &Reported, status: DeliveryStatus, event: &DeliveryEvent) {
        let at = event.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut details = json!({ "reported_at": at, "superseded": letter.superseded });
        if let Some(reason) = &event.reason {
            details["reason"] = reason.as_str().into();
        }
        if let Some(fault) = event.fault {
            details["fault"] = fault.as_str().into();
        }
        if let Some(code) = event.status_code {
            details["status_code"] = code.to_string().into();
        }
        if has_failed(event) {
            details["will_retry"] = false.into();
        }
        let event_type = if has_failed(event) { EventType::EmailFailed } else { event_type(status) };
        self.push(letter, event_type, details);
    }

    fn push(&mut self, letter: &Reported, event_type: EventType, mut details: Value) {
        if letter.purpose == LetterPurpose::Reminder {
            details["letter"] = LetterPurpose::Reminder.as_str().into();
        }
        // A letter that is about no invitation has no timeline.
        let Some(invitation) = letter.invitation_id else { return };
        let actor = ActorRef::provider(self.provider);
        self.timeline.push(self.services.event(invitation, event_type, self.now, actor, details));
    }
}

/// Whether the event is about this letter: by this service's id where the provider returns it, else by the
/// provider's message id.
fn matches_letter(event: &DeliveryEvent, letter: &Reported) -> bool {
    event.letter.map_or_else(
        || letter.message_id.as_ref().is_some_and(|id| event.message_ids.contains(id)),
        |id| id == letter.id,
    )
}

/// What stands for a status that a provider was asked for, among the ids of its events: some of them name an
/// event otherwise in their webhooks.
fn check_id(letter: LetterId, status: DeliveryStatus) -> String {
    format!("check:{letter}:{}", status.as_str())
}

/// Whether it reports a fault that the operator has to put right.
fn has_failed(event: &DeliveryEvent) -> bool {
    event.fault.is_some_and(MailFault::is_operator_fault)
}

fn event_type(status: DeliveryStatus) -> EventType {
    match status {
        DeliveryStatus::Deferred => EventType::EmailDeferred,
        DeliveryStatus::Delivered => EventType::EmailDelivered,
        DeliveryStatus::Bounced => EventType::EmailBounced,
        DeliveryStatus::Complained => EventType::EmailComplained,
    }
}
