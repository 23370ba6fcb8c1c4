//! Postmark, which signs nothing: a secret comes with each request, as the password of basic authentication
//! (in the webhook's URL) or in a header of its own.
//! <https://postmarkapp.com/developer/webhooks/webhooks-overview>

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{
    DeliveryEvent, DeliveryStatus, WebhookError, WebhookRequest, fault_in_words, hard, letter, message_ids,
    named, reason, rfc3339, text, unavailable,
};
use crate::domain::mail_fault::MailFault;

/// The shortest secret, in bytes.
const SHORTEST: usize = 16;
/// Where the secret stands when it is not the password.
const HEADER: &str = "x-mail-events-secret";

/// The secret.
#[derive(Clone)]
pub struct Key(SecretString);

impl Key {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let good = text.len() >= SHORTEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        if good { Ok(Self(text.into())) } else { Err("must have at least 16 visible ASCII characters") }
    }

    pub(super) fn read(&self, posted: &WebhookRequest<'_>) -> Result<Vec<DeliveryEvent>, WebhookError> {
        if !self.is_proven(posted) {
            return Err(WebhookError::Unverified);
        }
        let event = posted.json()?;
        if !event.is_object() {
            return Err(WebhookError::OtherForm);
        }
        Ok(vec![report(posted, &event)])
    }

    /// Whether the secret came along.
    pub(super) fn is_proven(&self, posted: &WebhookRequest<'_>) -> bool {
        let basic = (posted.header)("authorization").and_then(password);
        let header = (posted.header)(HEADER).map(str::to_owned);
        basic.or(header).is_some_and(|given| self.is(&given))
    }

    /// Digests have one length, so that nothing is told by how long it takes.
    fn is(&self, given: &str) -> bool {
        Sha256::digest(self.0.expose_secret()).ct_eq(&Sha256::digest(given)).into()
    }
}

/// RFC 7617: the user's name does not matter.
fn password(header: &str) -> Option<String> {
    let (scheme, credentials) = header.split_once(' ')?;
    let decoded =
        STANDARD.decode(credentials.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    Some(String::from_utf8(decoded).ok()?.split_once(':')?.1.to_owned())
}

fn report(posted: &WebhookRequest<'_>, event: &Value) -> DeliveryEvent {
    let record = text(event, "/RecordType").unwrap_or_default();
    let fate = match record {
        "Delivery" => Some(DeliveryStatus::Delivered),
        "Bounce" => {
            bounce(text(event, "/Type").unwrap_or_default(), text(event, "/Details").unwrap_or_default())
        }
        "SpamComplaint" => Some(DeliveryStatus::Complained),
        _ => None,
    };
    let fault = fate.filter(|fate| *fate == DeliveryStatus::Bounced).and_then(|_| fault(event));
    // A bounce has a number of its own; a delivery has none, and a letter has one recipient.
    let number = event.get("ID").filter(|id| id.is_number()).map(ToString::to_string);
    let delivery = text(event, "/MessageID").filter(|_| record == "Delivery").map(str::to_owned);
    let name = number.or(delivery).map(|id| format!("{record}:{id}"));
    DeliveryEvent {
        event_id: named(name, event),
        letter: letter(event, "/Metadata/letter"),
        message_ids: message_ids(text(event, "/MessageID")),
        at: posted.at(rfc3339(event, "/BouncedAt").or_else(|| rfc3339(event, "/DeliveredAt"))),
        fate,
        fault,
        may_be_reply: false,
        reason: fate
            .filter(|fate| *fate != DeliveryStatus::Delivered)
            .and(reason(event, &["/Details", "/Description", "/Name"])),
        no_such_mailbox: hard::postmark(event),
    }
}

/// <https://postmarkapp.com/developer/api/bounce-api#bounce-types>: automatic replies, changes of address, subscriptions and
/// what Postmark cannot classify are no bounces. What is called soft and undeliverable is what Postmark has
/// given up.
/// <https://postmarkapp.com/support/article/1159-how-to-fix-soft-bounces>
fn bounce(kind: &str, details: &str) -> Option<DeliveryStatus> {
    match kind {
        // A server on the way says that it tries again: RFC 3464 §2.3.3.
        "Transient" if details.to_ascii_lowercase().contains("action: delayed") => {
            Some(DeliveryStatus::Deferred)
        }
        "HardBounce"
        | "SoftBounce"
        | "Transient"
        | "DnsError"
        | "BadEmailAddress"
        | "ManuallyDeactivated"
        | "Unconfirmed"
        | "Blocked"
        | "SMTPApiError"
        | "DMARCPolicy"
        | "SpamNotification"
        | "VirusNotification"
        | "TemplateRenderingFailed" => Some(DeliveryStatus::Bounced),
        "SpamComplaint" => Some(DeliveryStatus::Complained),
        _ => None,
    }
}

/// What is at fault where it is not the address: by the type, or else by what the server said.
fn fault(event: &Value) -> Option<MailFault> {
    match text(event, "/Type").unwrap_or_default() {
        // What was handed in over SMTP was not accepted; a template of ours is wrong; the sender's domain
        // forbids it.
        "SMTPApiError" => Some(MailFault::Provider),
        "TemplateRenderingFailed" => Some(MailFault::Setup),
        "DMARCPolicy" => Some(MailFault::DomainAuthentication),
        "SpamNotification" => Some(MailFault::SpamFilter),
        "ManuallyDeactivated" => Some(MailFault::Suppressed),
        "BadEmailAddress" => None,
        kind => {
            let (details, recipient) = (text(event, "/Details").unwrap_or_default(), text(event, "/Email"));
            let blocked = matches!(kind, "Blocked" | "VirusNotification").then_some(MailFault::Blocked);
            let gave_up = matches!(kind, "SoftBounce" | "Transient");
            fault_in_words(details, recipient)
                .or(blocked)
                .or_else(|| unavailable(details, recipient, gave_up))
        }
    }
}
