//! SendGrid, which signs the timestamp and the body with ECDSA on P-256.
//! <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use p256::{
    ecdsa::{Signature, VerifyingKey, signature::Verifier},
    pkcs8::DecodePublicKey,
};
use serde_json::Value;

use super::{
    DeliveryEvent, DeliveryStatus, WebhookError, WebhookRequest, fault_in_words, hard, letter,
    letter_of_message_id, message_ids, named, reason, seconds, text, unavailable,
};
use crate::domain::mail_fault::MailFault;

/// It tries again until 24 hours after the event, and does not say that it signs anew. The body is signed,
/// and each event counts once: an old one does no harm.
/// <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/troubleshooting>
const WINDOW: TimeDelta = TimeDelta::hours(25);
/// So many parts of a name are tried: two hundred events in one query are few hundred names, then.
const MOST_POINTS: usize = 8;
const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";

/// The public key of the webhook.
#[derive(Clone)]
pub struct Key(VerifyingKey);

impl Key {
    /// Base 64 of the DER form, as SendGrid shows it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let der = STANDARD.decode(text).ok();
        let key = der.and_then(|der| VerifyingKey::from_public_key_der(&der).ok());
        key.map(Self).ok_or("is no P-256 public key in base 64, as SendGrid shows it")
    }

    pub(super) fn read(&self, posted: &WebhookRequest<'_>) -> Result<Vec<DeliveryEvent>, WebhookError> {
        if !self.signed(posted).unwrap_or_default() {
            return Err(WebhookError::Unverified);
        }
        match posted.json()? {
            Value::Array(events) if events.iter().all(Value::is_object) => {
                Ok(events.iter().map(|event| report(posted, event)).collect())
            }
            _ => Err(WebhookError::OtherForm),
        }
    }

    fn signed(&self, posted: &WebhookRequest<'_>) -> Option<bool> {
        let (timestamp, signature) = signature(posted)?;
        let signed = [timestamp.as_bytes(), posted.body].concat();
        Some(self.0.verify(&signed, &signature).is_ok())
    }
}

/// Whether there is a signature of the present, whatever it signs.
pub(super) fn is_signed(posted: &WebhookRequest<'_>) -> bool {
    signature(posted).is_some()
}

fn signature<'a>(posted: &WebhookRequest<'a>) -> Option<(&'a str, Signature)> {
    let timestamp = (posted.header)(TIMESTAMP).filter(|timestamp| posted.is_fresh(timestamp, WINDOW))?;
    let signature = Signature::from_der(&STANDARD.decode((posted.header)(SIGNATURE)?).ok()?).ok()?;
    Some((timestamp, signature))
}

fn report(posted: &WebhookRequest<'_>, event: &Value) -> DeliveryEvent {
    let fate = match text(event, "/event").unwrap_or_default() {
        "delivered" => Some(DeliveryStatus::Delivered),
        "deferred" => Some(DeliveryStatus::Deferred),
        // A bounce of the type `blocked` too: it says less about the address, but SendGrid does not try
        // again. What is dropped was on SendGrid's list of addresses that have bounced, complained or
        // unsubscribed, and was never tried.
        "bounce" | "dropped" => Some(DeliveryStatus::Bounced),
        "spamreport" => Some(DeliveryStatus::Complained),
        _ => None,
    };
    DeliveryEvent {
        event_id: named(text(event, "/sg_event_id").map(str::to_owned), event),
        // The Message-ID, where the sender's domain is one that SendGrid has confirmed: else it has one of
        // its own.
        letter: letter(event, "/letter").or_else(|| text(event, "/smtp-id").and_then(letter_of_message_id)),
        message_ids: message_ids(text(event, "/sg_message_id").into_iter().flat_map(names)),
        at: posted.at(seconds(event, "/timestamp")),
        fate,
        fault: fate.filter(|fate| *fate == DeliveryStatus::Bounced).and_then(|_| fault(event)),
        may_be_reply: false,
        reason: fate
            .filter(|fate| *fate != DeliveryStatus::Delivered)
            .and(reason(event, &["/reason", "/response"])),
        no_such_mailbox: hard::sendgrid(event),
    }
}

/// What is at fault where it is not the address.
/// <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event#dropped>
fn fault(event: &Value) -> Option<MailFault> {
    let said = text(event, "/reason").or_else(|| text(event, "/response")).unwrap_or_default();
    let words = || fault_in_words(said, text(event, "/email"));
    if text(event, "/event") != Some("dropped") {
        let blocked = (text(event, "/type") == Some("blocked")).then_some(MailFault::Blocked);
        let class = text(event, "/bounce_classification").unwrap_or_default();
        let gave_up = matches!(class, "Mailbox Unavailable" | "Technical Failure" | "Technical");
        // <https://www.twilio.com/docs/sendgrid/ui/analytics-and-reporting/bounce-and-block-classifications>
        let classed = match class {
            "Reputation" | "Frequency or Volume Too High" => Some(MailFault::Reputation),
            "Content" => Some(MailFault::Blocked),
            _ => None,
        };
        return words().or(classed).or_else(|| unavailable(said, text(event, "/email"), gave_up)).or(blocked);
    }
    match said.to_ascii_lowercase().as_str() {
        "" | "invalid" | "invalid address" | "invalid email address" => None,
        "bounced address" | "spam reporting address" | "unsubscribed address" | "group unsubscribe" => {
            Some(MailFault::Suppressed)
        }
        "invalid smtpapi header" => Some(MailFault::Setup),
        "recipient list over package quota" => Some(MailFault::Quota),
        reason if reason.starts_with("spam content") => Some(MailFault::Policy),
        // SendGrid dropped it by itself; the address was never tried.
        _ => Some(words().unwrap_or(MailFault::Provider)),
    }
}

/// A letter is taken under a name that events carry with something behind it: `NAME.recvd-…`, `NAME.filter…`.
/// Names hold a few points themselves.
fn names(id: &str) -> impl Iterator<Item = &str> {
    let likely = id.find(".recvd-").or_else(|| id.find(".filter")).map(|end| &id[..end]);
    likely.into_iter().chain(id.match_indices('.').take(MOST_POINTS).map(|(end, _)| &id[..end])).chain([id])
}
