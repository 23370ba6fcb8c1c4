//! Letters in every state, with what timelines tell of them.

use chrono::{DateTime, TimeDelta, Utc};
use invitation_service::domain::{
    actor::ActorRef,
    delivery_reports::DeliveryStatus,
    email::Email,
    event::EventType,
    ids::{Id, LetterKind, SuppressionKind},
    letter::LetterPurpose,
    mail_fault::MailFault,
    suppression::SuppressionReason,
};
use serde_json::json;

use super::{
    course::LetterOutcome,
    tables::{LetterRow, SuppressionRow},
    timeline::{PROVIDER, Timeline},
};

const GREYLISTED: &str = "451 4.7.1 Greylisted, please try again later";
const REFUSED: &str = "550 5.7.1 Relaying denied";
const NO_MAILBOX: &str = "550 5.1.1 The email account that you tried to reach does not exist";
/// Reasons of bounces that say nothing against the address.
const BOUNCES: [(MailFault, &str); 3] = [
    (MailFault::SpamFilter, "554 5.7.1 Message rejected as spam"),
    (MailFault::Unavailable, "552 5.2.2 Mailbox full"),
    (MailFault::Blocked, "550 5.7.0 Message refused by policy"),
];
/// How long a courier claims a letter for.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// A sending of an invitation.
pub struct Sending<'a> {
    /// The generation of its link, 1 for the first; as many sendings there were.
    pub generation: i32,
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// Who asked for it.
    pub by: &'a ActorRef,
    /// The recipient.
    pub to: &'a Email,
}

/// Adds the letter of a sending, and returns when the link was sent: when the relay accepted the letter, else
/// when it was asked for.
pub fn add(timeline: &mut Timeline<'_>, sending: &Sending<'_>, outcome: LetterOutcome) -> DateTime<Utc> {
    let queued =
        if outcome == LetterOutcome::HandedOver { EventType::LinkHandedOver } else { EventType::EmailQueued };
    timeline.add(queued, sending.at, sending.by, json!({ "send_count": sending.generation }));
    let id: Id<LetterKind> = timeline.chance.id(sending.at);
    let mut row = LetterRow {
        id: id.into(),
        invitation_id: timeline.invitation.into(),
        generation: sending.generation.into(),
        attempts: 0.into(),
        next_attempt_at: sending.at.into(),
        created_at: sending.at.into(),
        kind: LetterPurpose::Invitation.as_str().into(),
        recipient: sending.to.as_str().to_owned().into(),
        ..LetterRow::default()
    };
    let sent_at = match outcome {
        LetterOutcome::Queued => stay(&mut row, "queued"),
        LetterOutcome::HandedOver => stay(&mut row, "handed_over"),
        LetterOutcome::Withdrawn => stay(&mut row, "withdrawn"),
        LetterOutcome::Retried => retried(timeline, &mut row, sending.at),
        LetterOutcome::Failed => failed(timeline, &mut row, sending.at),
        LetterOutcome::Sent
        | LetterOutcome::Delivered
        | LetterOutcome::Deferred
        | LetterOutcome::Bounced
        | LetterOutcome::Complained => {
            let sent_at = accepted(timeline, &mut row, sending.at);
            report(timeline, &mut row, sending.to, (outcome, sent_at));
            Some(sent_at)
        }
    };
    timeline.batch.push(row);
    sent_at.unwrap_or(sending.at)
}

/// It was never tried.
fn stay(row: &mut LetterRow, state: &'static str) -> Option<DateTime<Utc>> {
    row.state = state.into();
    None
}

/// A courier claims it, and tries it a moment later.
fn tried(timeline: &mut Timeline<'_>, row: &mut LetterRow, at: DateTime<Utc>) -> DateTime<Utc> {
    let claimed = at + timeline.chance.between(TimeDelta::milliseconds(5), TimeDelta::seconds(3));
    row.attempts = 1.into();
    row.first_tried_at = claimed.into();
    row.next_attempt_at = (claimed + LEASE).into();
    claimed + timeline.chance.between(TimeDelta::milliseconds(20), TimeDelta::milliseconds(900))
}

fn retried(timeline: &mut Timeline<'_>, row: &mut LetterRow, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let failed_at = tried(timeline, row, at);
    row.state = "queued".into();
    row.last_error = GREYLISTED.into();
    row.next_attempt_at = (failed_at + TimeDelta::minutes(15)).into();
    let details = json!({ "attempt": 1, "error": GREYLISTED, "will_retry": true });
    timeline.by_courier(EventType::EmailFailed, failed_at, details);
    None
}

fn failed(timeline: &mut Timeline<'_>, row: &mut LetterRow, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let failed_at = tried(timeline, row, at);
    row.state = "failed".into();
    row.last_error = REFUSED.into();
    row.failed_at = failed_at.into();
    let details = json!({ "attempt": 1, "error": REFUSED, "will_retry": false });
    timeline.by_courier(EventType::EmailFailed, failed_at, details);
    None
}

fn accepted(timeline: &mut Timeline<'_>, row: &mut LetterRow, at: DateTime<Utc>) -> DateTime<Utc> {
    let sent_at = tried(timeline, row, at);
    row.state = "sent".into();
    row.sent_at = sent_at.into();
    row.provider = PROVIDER.name.into();
    row.provider_message_id = timeline.chance.hex(128).into();
    timeline.by_courier(EventType::EmailSent, sent_at, json!({ "attempt": 1 }));
    sent_at
}

fn report(
    timeline: &mut Timeline<'_>,
    row: &mut LetterRow,
    to: &Email,
    (outcome, sent_at): (LetterOutcome, DateTime<Utc>),
) {
    let (status, event_type) = match outcome {
        LetterOutcome::Delivered => (DeliveryStatus::Delivered, EventType::EmailDelivered),
        LetterOutcome::Deferred => (DeliveryStatus::Deferred, EventType::EmailDeferred),
        LetterOutcome::Bounced => (DeliveryStatus::Bounced, EventType::EmailBounced),
        LetterOutcome::Complained => (DeliveryStatus::Complained, EventType::EmailComplained),
        _ => return,
    };
    let at = sent_at + timeline.chance.between(TimeDelta::milliseconds(300), TimeDelta::seconds(90));
    let fault = *timeline.chance.pick(&BOUNCES);
    let fault = Some(fault).filter(|_| outcome == LetterOutcome::Bounced && timeline.chance.percent(40));
    let reason = match (outcome, fault) {
        (LetterOutcome::Bounced, Some((_, reason))) => Some(reason),
        (LetterOutcome::Bounced, None) => Some(NO_MAILBOX),
        (LetterOutcome::Deferred, _) => Some(GREYLISTED),
        _ => None,
    };
    row.fate = status.as_str().into();
    row.fate_at = at.into();
    row.fate_reason = reason.into();
    row.cause = fault.map(|(fault, _)| fault.as_str()).into();
    timeline.by_provider(event_type, at, (reason, fault.map(|(fault, _)| fault)));
    let suppressed = match outcome {
        LetterOutcome::Complained => Some(SuppressionReason::Complained),
        LetterOutcome::Bounced if fault.is_none() => Some(SuppressionReason::Bounced),
        _ => None,
    };
    if let Some(why) = suppressed {
        let id: Id<SuppressionKind> = timeline.chance.id(at);
        timeline.batch.push(SuppressionRow {
            id: id.into(),
            email: to.as_str().to_owned().into(),
            email_key: to.key().to_owned().into(),
            reason: why.as_str().into(),
            detail: reason.into(),
            created_at: at.into(),
        });
    }
}
