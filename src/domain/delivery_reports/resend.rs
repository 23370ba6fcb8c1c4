//! Resend, which signs as Svix does: HMAC-SHA-256 over id, timestamp and body.
//! <https://resend.com/docs/webhooks/verify-webhooks-requests>, <https://docs.svix.com/receiving/verifying-payloads/how-manual>

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use serde_json::Value;

use super::{
    DeliveryEvent, DeliveryStatus, WebhookError, WebhookRequest, fault_in_words, hard, letter, message_ids,
    named, reason, rfc3339, signs, text, unavailable,
};
use crate::domain::mail_fault::MailFault;

/// Svix signs each try anew. <https://docs.svix.com/receiving/verifying-payloads/how-manual>
const WINDOW: TimeDelta = TimeDelta::minutes(5);

/// The length of HMAC-SHA-256, in bytes.
const SIGNATURE: usize = 32;

/// The webhook's secret.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl Key {
    /// `whsec_` and base 64.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let secret = text.strip_prefix("whsec_").and_then(|secret| STANDARD.decode(secret).ok());
        secret
            .filter(|secret| secret.len() >= 16)
            .map(Self)
            .ok_or("is no signing secret of Resend, as whsec_…")
    }

    pub(super) fn read(&self, posted: &WebhookRequest<'_>) -> Result<Vec<DeliveryEvent>, WebhookError> {
        let id = self.signed(posted).ok_or(WebhookError::Unverified)?;
        let event = posted.json()?;
        if !event.is_object() {
            return Err(WebhookError::OtherForm);
        }
        Ok(vec![report(posted, id, &event)])
    }

    /// The event's id, when one of the signatures is right: while a secret is replaced there are two.
    fn signed<'a>(&self, posted: &WebhookRequest<'a>) -> Option<&'a str> {
        let (id, timestamp, given) = signatures(posted)?;
        let parts: [&[u8]; 5] = [id.as_bytes(), b".", timestamp.as_bytes(), b".", posted.body];
        given.iter().any(|given| signs(&self.0, &parts, given)).then_some(id)
    }
}

/// Whether there is a signature of the present, whatever it signs.
pub(super) fn is_signed(posted: &WebhookRequest<'_>) -> bool {
    signatures(posted).is_some_and(|(.., given)| given.iter().any(|given| given.len() == SIGNATURE))
}

/// Id, timestamp and signatures.
fn signatures<'a>(posted: &WebhookRequest<'a>) -> Option<(&'a str, &'a str, Vec<Vec<u8>>)> {
    let header = |name| (posted.header)(name);
    let (id, timestamp) = (header("svix-id")?, header("svix-timestamp")?);
    let given =
        header("svix-signature")?.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    posted.is_fresh(timestamp, WINDOW).then(|| (id, timestamp, given.collect()))
}

fn report(posted: &WebhookRequest<'_>, id: &str, event: &Value) -> DeliveryEvent {
    let fate = match text(event, "/type").unwrap_or_default() {
        "email.delivered" => Some(DeliveryStatus::Delivered),
        // While it tries again. What has bounced it gives up, of whatever type.
        "email.delivery_delayed" => Some(DeliveryStatus::Deferred),
        "email.bounced" | "email.failed" | "email.suppressed" => Some(DeliveryStatus::Bounced),
        "email.complained" => Some(DeliveryStatus::Complained),
        _ => None,
    };
    let fault = fate.filter(|fate| *fate == DeliveryStatus::Bounced).and_then(|_| fault(event));
    let reasons =
        ["/data/bounce/message", "/data/failed/reason", "/data/suppressed/message", "/data/bounce/subType"];
    DeliveryEvent {
        event_id: named(Some(id.to_owned()), event),
        letter: letter(event, "/data/tags/letter").or_else(|| tagged(event)),
        message_ids: message_ids(text(event, "/data/email_id")),
        at: posted.at(rfc3339(event, "/created_at")),
        fate,
        fault,
        may_be_reply: fate == Some(DeliveryStatus::Bounced) && may_be_reply(event),
        reason: fate.filter(|fate| *fate != DeliveryStatus::Delivered).and(reason(event, &reasons)),
        no_such_mailbox: hard::resend(event),
    }
}

/// What is at fault where it is not the address. <https://resend.com/docs/webhooks/emails/failed>: what has
/// failed was never sent, for a quota, a domain that is not verified, or a key.
fn fault(event: &Value) -> Option<MailFault> {
    match text(event, "/type").unwrap_or_default() {
        "email.failed" => {
            let reason = text(event, "/data/failed/reason").unwrap_or_default().to_ascii_lowercase();
            let has = |words: &[&str]| words.iter().any(|word| reason.contains(word));
            match () {
                () if has(&["invalid_recipient", "invalid_to", "recipient_not"]) => None,
                () if has(&["quota", "limit", "suspended", "plan"]) => Some(MailFault::Quota),
                () if has(&["domain", "from", "sender"]) => Some(MailFault::Sender),
                () if has(&["api_key", "unauthorized", "permission"]) => Some(MailFault::Authentication),
                () => Some(fault_in_words(&reason.replace('_', " "), None).unwrap_or(MailFault::Provider)),
            }
        }
        "email.suppressed" => Some(MailFault::Suppressed),
        _ => match text(event, "/data/bounce/subType").unwrap_or_default() {
            "Suppressed" | "OnAccountSuppressionList" => Some(MailFault::Suppressed),
            "ContentRejected" | "AttachmentRejected" | "MessageTooLarge" => Some(MailFault::Blocked),
            sub_type => {
                let (said, recipient) = (said(event), text(event, "/data/to/0"));
                let gave_up =
                    sub_type == "MailboxFull" || text(event, "/data/bounce/type") == Some("Transient");
                fault_in_words(&said, recipient).or_else(|| unavailable(&said, recipient, gave_up))
            }
        },
    }
}

/// What the recipient's server said, as far as it is told.
fn said(event: &Value) -> String {
    let codes = event.pointer("/data/bounce/diagnosticCode").and_then(Value::as_array);
    let codes = codes.into_iter().flatten().filter_map(Value::as_str);
    codes.chain(text(event, "/data/bounce/message")).collect::<Vec<_>>().join(" ")
}

/// Automatic replies come as bounces too, of these types and for no reason that is a bounce's alone.
/// <https://resend.com/docs/dashboard/emails/email-bounces>,
/// <https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types>
fn may_be_reply(event: &Value) -> bool {
    let certain = ["MailboxFull", "MessageTooLarge", "ContentRejected", "AttachmentRejected"];
    matches!(text(event, "/data/bounce/type"), Some("Transient" | "Undetermined"))
        && !text(event, "/data/bounce/subType").is_some_and(|sub_type| certain.contains(&sub_type))
}

/// Tags come as an object, and have come as a list of names and values.
fn tagged(event: &Value) -> Option<super::LetterId> {
    let tags = event.pointer("/data/tags")?.as_array()?;
    tags.iter().find(|tag| text(tag, "/name") == Some("letter")).and_then(|tag| letter(tag, "/value"))
}
