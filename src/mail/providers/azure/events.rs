//! Azure Event Grid's webhook:
//! <https://learn.microsoft.com/en-us/azure/event-grid/communication-services-email-events>. A list of events
//! in Event Grid's schema, or one or a list in that of CloudEvents.
//!
//! Event Grid signs nothing. It can send tokens of Microsoft Entra ID, a secret in the URL's query, or fixed
//! headers of the subscription ("delivery properties"). A header is what is asked for: a query is written to
//! the logs of every proxy, and a token would need the operator's tenant, an application in it, and its keys.
//! The headers come with the validation of the subscription, too:
//! <https://learn.microsoft.com/en-us/azure/event-grid/delivery-properties>.

use serde_json::{Value, json};

use crate::{
    domain::{
        delivery_reports::{
            DeliveryEvent, DeliveryStatus, Verified, WebhookError, WebhookRequest, WebhookVerifier,
        },
        mail_fault::MailFault,
    },
    mail::providers::webhook::{
        SecretWebhook, event_id, fault_of, is_about_address, letter_of_message_id, message_ids, reason_of,
        recipient_fault, rfc3339, sender_fault, text,
    },
};

const VALIDATION: &str = "Microsoft.EventGrid.SubscriptionValidationEvent";
const DELIVERY_REPORT: &str = "Microsoft.Communication.EmailDeliveryReportReceived";

/// The webhook's secret.
pub(super) struct Events(SecretWebhook);

impl Events {
    pub fn parse(secret: &str) -> Result<Self, &'static str> {
        Ok(Self(SecretWebhook::of_lists(secret, delivery_event)?))
    }
}

impl WebhookVerifier for Events {
    fn admits(&self, request: &WebhookRequest<'_>) -> bool {
        self.0.admits(request)
    }

    fn has_secret(&self) -> bool {
        self.0.has_secret()
    }

    fn read(&self, request: &WebhookRequest<'_>) -> Result<Verified, WebhookError> {
        let events = self.0.verified(request)?;
        // It comes alone: the code has to be answered.
        // <https://learn.microsoft.com/en-us/azure/event-grid/end-point-validation-event-grid-events-schema>
        if let Some(validation) = events.iter().find(|event| kind(event) == VALIDATION) {
            let code = text(validation, "/data/validationCode").ok_or(WebhookError::OtherForm)?;
            return Ok(Verified { answer: Some(json!({"validationResponse": code})), ..Verified::default() });
        }
        Ok(self.0.reported(request, &events))
    }

    fn media_types(&self) -> &'static [&'static str] {
        &["application/json", "application/cloudevents+json", "application/cloudevents-batch+json"]
    }

    fn allows_origin(&self) -> bool {
        true
    }

    fn challenge(&self) -> &'static str {
        self.0.challenge()
    }
}

/// The type of an event, in either schema.
fn kind(event: &Value) -> &str {
    text(event, "/eventType").or_else(|| text(event, "/type")).unwrap_or_default()
}

fn delivery_event(request: &WebhookRequest<'_>, event: &Value) -> DeliveryEvent {
    let status = status(event);
    // Both spellings are in Microsoft's documentation.
    let times = ["/data/deliveryAttemptTimeStamp", "/data/deliveryAttemptTimestamp", "/eventTime", "/time"];
    // An id is unique for its source, which is one resource here.
    let id = text(event, "/id").map(str::to_owned);
    let message_id = text(event, "/data/messageId").map(str::to_ascii_lowercase);
    DeliveryEvent {
        event_id: event_id(id, event),
        letter: text(event, "/data/internetMessageId").and_then(letter_of_message_id),
        message_ids: message_ids(message_id.as_deref()),
        at: request.at(times.iter().find_map(|pointer| rfc3339(event, pointer))),
        status,
        fault: fault_of(status, || fault(event)),
        may_be_reply: false,
        reason: reason_of(status, event, &["/data/deliveryStatusDetails/statusMessage", "/data/status"]),
        status_code: None,
        no_such_mailbox: status == Some(DeliveryStatus::Bounced)
            && text(event, "/data/status") == Some("Bounced")
            && is_about_address(Some(said(event))),
    }
}

/// There is no report of a deferral. An address that was expanded is a list, which accepted the letter.
fn status(event: &Value) -> Option<DeliveryStatus> {
    if kind(event) != DELIVERY_REPORT {
        return None;
    }
    match text(event, "/data/status")? {
        "Delivered" | "Expanded" => Some(DeliveryStatus::Delivered),
        "Bounced" | "Failed" | "FilteredSpam" | "Quarantined" | "Suppressed" => Some(DeliveryStatus::Bounced),
        _ => None,
    }
}

fn said(event: &Value) -> &str {
    text(event, "/data/deliveryStatusDetails/statusMessage").unwrap_or_default()
}

/// What is at fault where it is not the address.
fn fault(event: &Value) -> Option<MailFault> {
    let (said, recipient) = (said(event), text(event, "/data/recipient"));
    match text(event, "/data/status").unwrap_or_default() {
        "Suppressed" => Some(MailFault::Suppressed),
        "FilteredSpam" | "Quarantined" => {
            Some(sender_fault(said, recipient).unwrap_or(MailFault::SpamFilter))
        }
        // "Failed" says that it was given up, and its words why.
        status => {
            sender_fault(said, recipient).or_else(|| recipient_fault(said, recipient, status == "Failed"))
        }
    }
}
