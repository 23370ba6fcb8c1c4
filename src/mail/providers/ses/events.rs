//! The events that Amazon SES publishes to a topic:
//! <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>. An identity's
//! feedback notifications have the same form, and `notificationType` for `eventType`.

use serde_json::Value;

use super::member::member;
use crate::{
    domain::{
        delivery_reports::{DeliveryEvent, DeliveryStatus, WebhookRequest},
        mail_fault::MailFault,
    },
    mail::providers::webhook::{
        event_id, is_about_address, letter, letter_of_message_id, message_ids, reason, rfc3339, sender_fault,
        text, unavailable,
    },
};

/// The members that say why, of each kind of event.
const REASONS: [&str; 7] = [
    "/bounce/bouncedRecipients/0/diagnosticCode",
    "/deliveryDelay/delayedRecipients/0/diagnosticCode",
    "/bounce/bounceSubType",
    "/deliveryDelay/delayType",
    "/complaint/complaintFeedbackType",
    "/reject/reason",
    "/failure/errorMessage",
];
/// The members that say when.
const TIMES: [&str; 4] =
    ["/bounce/timestamp", "/complaint/timestamp", "/delivery/timestamp", "/deliveryDelay/timestamp"];

/// The event in a notification. The first one of a topic is a sentence and not JSON.
pub(super) fn read(request: &WebhookRequest<'_>, message: &Value) -> Vec<DeliveryEvent> {
    let event = member(message, "Message").and_then(|text| serde_json::from_str::<Value>(text).ok());
    event.filter(Value::is_object).iter().map(|event| delivery_event(request, message, event)).collect()
}

fn delivery_event(request: &WebhookRequest<'_>, message: &Value, event: &Value) -> DeliveryEvent {
    let status = status(event);
    let at = TIMES.iter().find_map(|pointer| rfc3339(event, pointer));
    // The Message-ID that we wrote is in the event, though not in the letter that arrives.
    let own_id = text(event, "/mail/commonHeaders/messageId").and_then(letter_of_message_id);
    DeliveryEvent {
        event_id: event_id(member(message, "MessageId").map(str::to_owned), event),
        letter: letter(event, "/mail/tags/letter/0").or(own_id),
        message_ids: message_ids(text(event, "/mail/messageId")),
        at: request.at(at.or_else(|| rfc3339(message, "/Timestamp"))),
        status,
        fault: status.filter(|status| *status == DeliveryStatus::Bounced).and_then(|_| fault(event)),
        may_be_reply: status == Some(DeliveryStatus::Bounced) && may_be_reply(event),
        reason: status.filter(|status| *status != DeliveryStatus::Delivered).and(reason(event, &REASONS)),
        no_such_mailbox: has_no_mailbox(event),
    }
}

fn kind(event: &Value) -> &str {
    text(event, "/eventType").or_else(|| text(event, "/notificationType")).unwrap_or_default()
}

fn status(event: &Value) -> Option<DeliveryStatus> {
    match kind(event) {
        "Delivery" => Some(DeliveryStatus::Delivered),
        "DeliveryDelay" => Some(DeliveryStatus::Deferred),
        // After a bounce, of whatever type, it does not try again. It did not send what it rejected, nor what
        // it could not render.
        "Bounce" | "Reject" | "Rendering Failure" => Some(DeliveryStatus::Bounced),
        // The address is on the account's list of those that have complained: this letter was not sent.
        "Complaint" if is_listed(event) => Some(DeliveryStatus::Bounced),
        // Reports of other kinds are no complaints of a person's:
        // <https://www.iana.org/assignments/marf-parameters/marf-parameters.xhtml>.
        "Complaint" => match text(event, "/complaint/complaintFeedbackType") {
            Some("not-spam" | "auth-failure" | "virus") => None,
            _ => Some(DeliveryStatus::Complained),
        },
        _ => None,
    }
}

fn is_listed(event: &Value) -> bool {
    text(event, "/complaint/complaintSubType") == Some("OnAccountSuppressionList")
}

/// What is at fault where it is not the address.
/// <https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types>
fn fault(event: &Value) -> Option<MailFault> {
    match (kind(event), text(event, "/bounce/bounceSubType").unwrap_or_default()) {
        // A virus was found.
        ("Reject", _) => Some(MailFault::Policy),
        ("Rendering Failure", _) => Some(MailFault::Setup),
        ("Complaint", _) | (_, "Suppressed" | "OnAccountSuppressionList" | "UnsubscribedRecipient") => {
            Some(MailFault::Suppressed)
        }
        (_, "ContentRejected" | "AttachmentRejected" | "MessageTooLarge") => Some(MailFault::Blocked),
        (_, sub_type) => {
            let (said, recipient) = (said(event), text(event, "/bounce/bouncedRecipients/0/emailAddress"));
            let gave_up = sub_type == "MailboxFull" || text(event, "/bounce/bounceType") == Some("Transient");
            sender_fault(said, recipient).or_else(|| unavailable(said, recipient, gave_up))
        }
    }
}

/// What the recipient's server said: `smtp; 550 5.1.1 user unknown`.
fn said(event: &Value) -> &str {
    let code = text(event, "/bounce/bouncedRecipients/0/diagnosticCode").unwrap_or_default();
    code.strip_prefix("smtp;").unwrap_or(code).trim_start()
}

/// Automatic replies are reported as bounces of these types, for no reason that only a bounce has.
fn may_be_reply(event: &Value) -> bool {
    let certain = ["MailboxFull", "MessageTooLarge", "ContentRejected", "AttachmentRejected"];
    matches!(text(event, "/bounce/bounceType"), Some("Transient" | "Undetermined"))
        && !text(event, "/bounce/bounceSubType").is_some_and(|sub_type| certain.contains(&sub_type))
}

fn has_no_mailbox(event: &Value) -> bool {
    kind(event) == "Bounce"
        && text(event, "/bounce/bounceType") == Some("Permanent")
        && text(event, "/bounce/bounceSubType") != Some("UnsubscribedRecipient")
        && is_about_address(Some(said(event)))
        && is_about_address(text(event, "/bounce/bouncedRecipients/0/status"))
}
