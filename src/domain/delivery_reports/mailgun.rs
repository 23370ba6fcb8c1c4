//! Mailgun, which signs a timestamp and a token with HMAC-SHA-256, and puts them into the body. The event is
//! not signed: the token proves the first one that it comes with.
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>

use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{
    DeliveryEvent, DeliveryStatus, Token, Verified, WebhookError, WebhookRequest, digest, fault_in_words,
    hard, letter, letter_of_message_id, message_ids, named, reason, seconds, signs, text, unavailable,
};
use crate::domain::mail_fault::MailFault;

/// Addresses that bounced, complained or unsubscribed before, and that Mailgun does not write to.
const SUPPRESSED: [u64; 3] = [605, 606, 607];
/// The shortest signing key, in bytes; Mailgun's have 32.
const SHORTEST: usize = 16;
/// It tries again for 8 hours, with the signature of the first time.
/// <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-retries>
const WINDOW: TimeDelta = TimeDelta::hours(12);

/// The signing key of the account's webhooks.
#[derive(Clone)]
pub struct Key(SecretString);

impl Key {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let good = text.len() >= SHORTEST;
        if good {
            Ok(Self(text.into()))
        } else {
            Err("is no signing key of Mailgun: it has fewer than 16 characters")
        }
    }

    pub(super) fn read(&self, posted: &WebhookRequest<'_>) -> Result<Verified, WebhookError> {
        let body = posted.json()?;
        let token = self.signed(posted, &body).ok_or(WebhookError::Unverified)?;
        let event =
            body.pointer("/event-data").filter(|event| event.is_object()).ok_or(WebhookError::OtherForm)?;
        let token = Token { name: named(Some(token.to_owned()), event), event: digest(&event.to_string()) };
        Ok(Verified { reports: vec![report(posted, event)], token: Some(token) })
    }

    /// The token, when it is signed. Where it begins is not, but for one place alone is what stands before it
    /// a fresh timestamp.
    fn signed<'a>(&self, posted: &WebhookRequest<'_>, body: &'a Value) -> Option<&'a str> {
        let (timestamp, token) = (text(body, "/signature/timestamp")?, text(body, "/signature/token")?);
        let signature = bytes(text(body, "/signature/signature")?)?;
        let parts = [timestamp.as_bytes(), token.as_bytes()];
        let good = posted.is_fresh(timestamp, WINDOW)
            && signs(self.0.expose_secret().as_bytes(), &parts, &signature);
        good.then_some(token)
    }
}

/// Bytes from hexadecimal digits.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = digits.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    digits
        .chunks(2)
        .map(|pair| if let [high, low] = pair { u8::try_from(high * 16 + low).ok() } else { None })
        .collect()
}

fn report(posted: &WebhookRequest<'_>, event: &Value) -> DeliveryEvent {
    let fate = match (text(event, "/event").unwrap_or_default(), text(event, "/severity")) {
        ("delivered", _) => Some(DeliveryStatus::Delivered),
        ("failed", Some("temporary")) => Some(DeliveryStatus::Deferred),
        ("failed" | "rejected", _) => Some(DeliveryStatus::Bounced),
        ("complained", _) => Some(DeliveryStatus::Complained),
        _ => None,
    };
    let message = text(event, "/message/headers/message-id");
    // The answer to the sending has angle brackets around it, the event has none.
    let bracketed = message.map(|id| format!("<{id}>"));
    let reasons = ["/delivery-status/message", "/delivery-status/description", "/reject/reason", "/reason"];
    // An id is unique within a day.
    // <https://documentation.mailgun.com/docs/mailgun/user-manual/events/event-structure>
    let name = text(event, "/id")
        .map(|id| event.get("timestamp").map_or_else(|| id.to_owned(), |at| format!("{id}@{at}")));
    DeliveryEvent {
        event_id: named(name, event),
        letter: letter(event, "/user-variables/letter").or_else(|| message.and_then(letter_of_message_id)),
        message_ids: message_ids(bracketed.as_deref().into_iter().chain(message)),
        at: posted.at(seconds(event, "/timestamp")),
        fate,
        fault: fate.filter(|fate| *fate == DeliveryStatus::Bounced).and_then(|_| fault(event)),
        may_be_reply: false,
        reason: fate.filter(|fate| *fate != DeliveryStatus::Delivered).and(reason(event, &reasons)),
        no_such_mailbox: hard::mailgun(event),
    }
}

/// What is at fault where it is not the address.
/// <https://documentation.mailgun.com/docs/mailgun/user-manual/events/event-types#failure-reasons>
fn fault(event: &Value) -> Option<MailFault> {
    let said =
        ["/delivery-status/message", "/delivery-status/description", "/reject/reason", "/reject/description"];
    let said = said.iter().filter_map(|pointer| text(event, pointer)).collect::<Vec<_>>().join(" ");
    let words = || fault_in_words(&said, text(event, "/recipient"));
    let suppressed = event
        .pointer("/delivery-status/code")
        .and_then(Value::as_u64)
        .is_some_and(|code| SUPPRESSED.contains(&code));
    match (text(event, "/event").unwrap_or_default(), text(event, "/reason").unwrap_or_default()) {
        // The recipient's address is none.
        ("rejected", _) if is_of_no_address(&said) => None,
        // Mailgun itself did not take it, whatever the address is.
        ("rejected", _) => Some(words().unwrap_or(MailFault::Policy)),
        (_, reason) if suppressed || reason.starts_with("suppress-") => Some(MailFault::Suppressed),
        // The recipient's provider keeps the sender's domain or address out.
        (_, "espblock") => Some(words().unwrap_or(MailFault::Reputation)),
        (_, reason) => words().or_else(|| {
            unavailable(&said, text(event, "/recipient"), matches!(reason, "old" | "greylisted"))
        }),
    }
}

/// Whether a parameter that holds the recipient is said to hold no address: "'to' parameter is not a valid
/// address".
fn is_of_no_address(said: &str) -> bool {
    let said = said.to_lowercase().replace(['\'', '"', '`', '\u{2019}'], "");
    ["to parameter", "recipient address", "recipient is not"].iter().any(|words| said.starts_with(words))
}
