//! What providers' webhook readers share: reading members, signatures, and what a recipient's server said.

mod full_mailbox;
pub(in crate::mail) mod reason;
mod secret_webhook;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub(super) use self::{
    full_mailbox::{denies_mailbox, is_about_address},
    secret_webhook::SecretWebhook,
};
use crate::domain::{
    delivery_reports::DeliveryStatus,
    ids::LetterId,
    mail_fault::MailFault,
    refusal_cause::RefusalCause,
    relay_reply::{About, Reply},
    token::hex,
};

/// The longest id that is stored as it is.
const MAX_ID_LEN: usize = 200;

/// A member that holds a text which is not blank.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// The reason of an event: the first of these members that leaves something to be shown. A delivery has none.
pub(super) fn reason_of(status: Option<DeliveryStatus>, event: &Value, pointers: &[&str]) -> Option<String> {
    let lines = || pointers.iter().find_map(|pointer| reason::line(text(event, pointer)?));
    status.filter(|status| *status != DeliveryStatus::Delivered).and_then(|_| lines())
}

/// What is at fault for a letter that was returned or given up; of no other.
pub(super) fn fault_of(
    status: Option<DeliveryStatus>,
    fault: impl FnOnce() -> Option<MailFault>,
) -> Option<MailFault> {
    status.filter(|status| *status == DeliveryStatus::Bounced).and_then(|_| fault())
}

/// The fault of the sender's side that a recipient's server named in its refusal.
pub(super) fn sender_fault(said: &str, recipient: Option<&str>) -> Option<MailFault> {
    match about(said, recipient) {
        About::Us(fault) => Some(fault),
        About::Recipient | About::Unknown => None,
    }
}

/// What is at fault on the recipient's side, other than the address, by the code or the words of what a
/// server said; without them, [`MailFault::Unavailable`] where the mailbox is full, or where the provider
/// gave up.
pub(super) fn recipient_fault(said: &str, recipient: Option<&str>, gave_up: bool) -> Option<MailFault> {
    let recipient: &[&str] = &[recipient.unwrap_or_default()];
    let reply = Reply { text: said, sender: "", recipient, recipient_accepted: false, content: &[] };
    let cause = RefusalCause::of_reply(&reply, false);
    let fault = cause.fault.filter(|fault| !fault.is_operator_fault());
    let is_unavailable = full_mailbox::is_full(said) || gave_up && !cause.is_known();
    fault.or(is_unavailable.then_some(MailFault::Unavailable))
}

fn about(said: &str, recipient: Option<&str>) -> About {
    let recipient: &[&str] = &[recipient.unwrap_or_default()];
    (Reply { text: said, sender: "", recipient, recipient_accepted: false, content: &[] }).about()
}

/// This service's id of a letter, in a member.
pub(super) fn letter(value: &Value, pointer: &str) -> Option<LetterId> {
    text(value, pointer)?.parse().ok()
}

/// The letter whose `Message-ID` this is, with its angle brackets or without. This service writes
/// `<LETTER@DOMAIN>`, which is all that a provider knows of a letter that it received by SMTP.
pub(super) fn letter_of_message_id(message_id: &str) -> Option<LetterId> {
    message_id.trim_start_matches('<').split_once('@')?.0.parse().ok()
}

/// An event's id as it can be stored. A long or strange one is replaced by its digest, a missing one by the
/// event's.
pub(super) fn event_id(id: Option<String>, event: &Value) -> String {
    match id {
        Some(id) if id.len() <= MAX_ID_LEN && id.bytes().all(|byte| byte.is_ascii_graphic()) => id,
        Some(id) => digest(&id),
        None => digest(&event.to_string()),
    }
}

/// The SHA-256 digest, in hexadecimal digits.
pub(super) fn digest(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// The message ids that can be stored.
pub(super) fn message_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let good =
        |id: &&str| (1..=MAX_ID_LEN).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    ids.into_iter().filter(good).map(str::to_owned).collect()
}

/// Seconds after 1970, perhaps with a fraction, as a number or as text.
pub(super) fn seconds(value: &Value, pointer: &str) -> Option<DateTime<Utc>> {
    let seconds = value.pointer(pointer)?.as_f64().or_else(|| text(value, pointer)?.parse().ok())?;
    let millis = (seconds * 1000.0).round();
    // Beyond, a float may not hold a whole number exactly.
    let safe = millis.abs() < 9e15;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and within 2^53")]
    safe.then_some(millis as i64).and_then(DateTime::from_timestamp_millis)
}

/// A time in the form of RFC 3339.
pub(super) fn rfc3339(value: &Value, pointer: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text(value, pointer)?).ok().map(|at| at.to_utc())
}

/// Whether `signature` is the HMAC-SHA-256 of these parts joined, compared in constant time.
pub(super) fn is_hmac(secret: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(signature).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_strange_id_of_an_event_is_stored_as_its_digest() {
        let event = json!({ "a": 1 });
        assert_eq!(event_id(Some("plain".to_owned()), &event), "plain");
        for strange in [None, Some("\0".to_owned()), Some("x".repeat(201)), Some("é".to_owned())] {
            assert_eq!(event_id(strange, &event).len(), 64);
        }
        assert_eq!(message_ids(["good", "\0", "no ne", ""]), ["good"]);
    }
}
