//! The operation that a letter is for Azure: its end, and what its errors mean.
//!
//! Microsoft publishes no list of their codes (<https://github.com/Azure/azure-sdk-for-net/issues/56805>).
//! `EmailDropped` is in the examples of the interface's specification
//! (`specification/communication/data-plane/Email` in <https://github.com/Azure/azure-rest-api-specs>); the
//! others are those that users of Microsoft's libraries report. A code that is not here is read by the status
//! and the words.

use reqwest::StatusCode;
use serde_json::Value;

use crate::{
    domain::{
        delivery_reports::{DeliveryEvent, DeliveryStatus},
        letter_status::KnownStatus,
        mail_fault::MailFault,
    },
    mail::providers::{
        response::Answer,
        status::AskedLetter,
        webhook::{reason_of, recipient_fault, sender_fault, text},
    },
};

/// All recipients are on a list of addresses to which Azure does not send:
/// <https://github.com/Azure/azure-sdk-for-js/issues/25353>.
pub(super) const ALL_SUPPRESSED: &str = "EmailDroppedAllRecipientsSuppressed";
/// It was given up after several attempts.
const DROPPED: &str = "EmailDropped";
/// The recipient's, since the sender's is checked by the resource.
const INVALID_ADDRESS: &str = "InvalidEmailAddress";

/// The operator's fault that a code names.
pub(super) fn operator_fault(code: &str) -> Option<MailFault> {
    match code {
        "DomainNotLinked" | "InvalidSenderUserName" => Some(MailFault::Sender),
        // The key is another resource's, or this machine's clock is wrong.
        "Denied" => Some(MailFault::Authentication),
        // For its reputation: <https://learn.microsoft.com/en-us/answers/questions/5700339/>.
        "SubscriptionBlocked" => Some(MailFault::Quota),
        _ => None,
    }
}

/// The id of the operation in `Operation-Location`, `https://HOST/emails/operations/ID?api-version=…`: the
/// answer to a repeated request may have no body.
pub(super) fn located(answer: &Answer) -> Option<String> {
    let location = answer.header("operation-location").filter(|_| answer.status == StatusCode::ACCEPTED)?;
    let path = location.split(['?', '#']).next()?;
    let id = path.trim_end_matches('/').rsplit('/').next()?;
    uuid::Uuid::try_parse(id).ok().map(|id| id.to_string())
}

/// What the answer tells of the letter; `None` where it has another form. A success is no delivery: the
/// letter left Azure, and Event Grid reports what became of it.
pub(super) fn read(asked: &AskedLetter<'_>, answer: &Value) -> Option<KnownStatus> {
    let (id, status) = (text(answer, "/id")?.to_ascii_lowercase(), text(answer, "/status")?);
    let has_failed = matches!(status, "Failed" | "Canceled");
    let events = has_failed.then(|| failure(asked, &id, answer)).into_iter().collect();
    Some(KnownStatus { accepted: asked.accepted(&id, None), events })
}

fn failure(asked: &AskedLetter<'_>, id: &str, answer: &Value) -> DeliveryEvent {
    let status = DeliveryStatus::Bounced;
    DeliveryEvent {
        fault: fault(answer),
        reason: reason_of(Some(status), answer, &["/error/message", "/error/code", "/status"]),
        ..asked.event(format!("operation:{id}"), status)
    }
}

/// What is at fault where it is not the address.
fn fault(answer: &Value) -> Option<MailFault> {
    let code = text(answer, "/error/code").unwrap_or_default();
    let said = text(answer, "/error/message").unwrap_or_default();
    match code {
        ALL_SUPPRESSED => Some(MailFault::Suppressed),
        DROPPED => sender_fault(said, None).or_else(|| recipient_fault(said, None, true)),
        INVALID_ADDRESS => None,
        // No recipient's server was asked.
        _ => Some(operator_fault(code).or_else(|| sender_fault(said, None)).unwrap_or(MailFault::Provider)),
    }
}
