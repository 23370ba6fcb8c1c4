//! The events that Amazon SES publishes to a topic:
//! <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>. An identity's
//! feedback notifications have the same form, and `notificationType` for `eventType`.

use serde_json::Value;

use super::member::member;
use crate::{
    domain::{
        delivery_reports::{DeliveryEvent, DeliveryStatus, WebhookRequest},
        ids::LetterId,
        mail_fault::MailFault,
    },
    mail::providers::webhook::{
        digest, event_id, fault_of, is_about_address, letter, letter_of_message_id, message_ids, reason_of,
        recipient_fault, rfc3339, sender_fault, text,
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
/// The members that say when. The last two are in message insights alone.
const TIMES: [&str; 6] = [
    "/bounce/timestamp",
    "/complaint/timestamp",
    "/delivery/timestamp",
    "/deliveryDelay/timestamp",
    "/reject/timestamp",
    "/failure/timestamp",
];

/// The types of a bounce of a letter that SES did not send: the address is on a list of Amazon's, or of the
/// account's.
const LISTED: [&str; 3] = ["Suppressed", "OnAccountSuppressionList", "UnsubscribedRecipient"];

/// The event in a notification. The first one of a topic is a sentence and not JSON.
pub(super) fn read(request: &WebhookRequest<'_>, message: &Value) -> Vec<DeliveryEvent> {
    let event = member(message, "Message").and_then(|text| serde_json::from_str::<Value>(text).ok());
    event.filter(Value::is_object).iter().map(|event| delivery_event(request, message, event)).collect()
}

/// An event that came in no notification.
pub(super) fn of_event(request: &WebhookRequest<'_>, event: &Value) -> DeliveryEvent {
    delivery_event(request, &Value::Null, event)
}

fn delivery_event(request: &WebhookRequest<'_>, message: &Value, event: &Value) -> DeliveryEvent {
    let status = status(event);
    let at = TIMES.iter().find_map(|pointer| rfc3339(event, pointer));
    DeliveryEvent {
        event_id: event_id(own_event_id(event).or_else(|| notification_id(message)), event),
        letter: letter(event, "/mail/tags/letter/0").or_else(|| letter_of_headers(event)),
        message_ids: message_ids(text(event, "/mail/messageId")),
        at: request.at(at.or_else(|| rfc3339(message, "/Timestamp"))),
        status,
        fault: fault_of(status, || fault(event)),
        may_be_reply: status == Some(DeliveryStatus::Bounced) && may_be_reply(event),
        reason: reason_of(status, event, &REASONS),
        status_code: None,
        no_such_mailbox: has_no_mailbox(event),
    }
}

/// An id of the event itself: where an identity's feedback notifications and a configuration set go to one
/// topic, the same event comes in two notifications.
fn own_event_id(event: &Value) -> Option<String> {
    let kind = kind(event);
    let feedback = ["/bounce/feedbackId", "/complaint/feedbackId"];
    if let Some(id) = feedback.iter().find_map(|pointer| text(event, pointer)) {
        return Some(format!("{kind}:{id}"));
    }
    let letter = text(event, "/mail/messageId")?;
    let at = TIMES.iter().find_map(|pointer| text(event, pointer)).unwrap_or_default();
    Some(digest(&format!("{kind}\n{letter}\n{at}")))
}

/// The id of the notification that brought it, which is the same when that is sent again.
fn notification_id(message: &Value) -> Option<String> {
    member(message, "MessageId").map(str::to_owned)
}

/// The letter that our `Message-ID` names: the one that SES received, which is among the original headers.
/// `commonHeaders` has Amazon's own in published events, and ours in some feedback of an identity.
fn letter_of_headers(event: &Value) -> Option<LetterId> {
    let headers = event.pointer("/mail/headers").and_then(Value::as_array);
    let is_id =
        |header: &&Value| text(header, "/name").is_some_and(|name| name.eq_ignore_ascii_case("Message-ID"));
    let received = headers.into_iter().flatten().filter(is_id).filter_map(|header| text(header, "/value"));
    let common = text(event, "/mail/commonHeaders/messageId");
    received.chain(common).find_map(letter_of_message_id)
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
        ("Complaint", _) => Some(MailFault::Suppressed),
        (_, sub_type) if LISTED.contains(&sub_type) => Some(MailFault::Suppressed),
        (_, "ContentRejected" | "AttachmentRejected" | "MessageTooLarge") => Some(MailFault::Blocked),
        (_, sub_type) => {
            let (said, recipient) = (said(event), text(event, "/bounce/bouncedRecipients/0/emailAddress"));
            let gave_up = sub_type == "MailboxFull" || text(event, "/bounce/bounceType") == Some("Transient");
            sender_fault(said, recipient).or_else(|| recipient_fault(said, recipient, gave_up))
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

/// What is on a list of Amazon's or of the account's has the status 5.1.1, whatever the mailbox is: no server
/// was asked.
fn has_no_mailbox(event: &Value) -> bool {
    kind(event) == "Bounce"
        && text(event, "/bounce/bounceType") == Some("Permanent")
        && !text(event, "/bounce/bounceSubType").is_some_and(|sub_type| LISTED.contains(&sub_type))
        && is_about_address(Some(said(event)))
        && is_about_address(text(event, "/bounce/bouncedRecipients/0/status"))
}
