//! Brevo: `POST /v3/smtp/email`, <https://developers.brevo.com/reference/send-transac-email>, and
//! <https://developers.brevo.com/docs/heterogenous-versions-batch-emails> on its idempotency key.
//!
//! Opens and clicks are a setting of the whole account. The `Message-ID` is Brevo's.
//!
//! Its webhooks are not signed. A secret comes with each request, as the password of basic authentication (in
//! the webhook's URL), as a bearer token or in a header:
//! <https://developers.brevo.com/docs/username-and-password-authentication>. They bring one event, or with
//! `batched` a list of them: <https://developers.brevo.com/docs/batch-webhooks>.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::{Request, StatusCode, header::HeaderName};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    api::ProviderApi,
    guide::{Guide, WebhookGuide},
    hosted_url::{Hosted, key},
    known_service::{EnvelopeDomain, KnownService},
    provider::{MailProvider, UrlForm, Webhook},
    request::{Body, Get, Post, add_key, person},
    response::{Answer, Verdict},
    smtp_server::SmtpServer,
    status::{AskedLetter, StatusStep},
    webhook::{
        SecretWebhook, event_id, fault_of, is_about_address, letter, message_ids, reason_of, recipient_fault,
        rfc3339, seconds, sender_fault, text,
    },
};
use crate::{
    domain::{
        delivery_reports::{DeliveryEvent, DeliveryStatus, Provider, WebhookRequest},
        letter::Letter,
        letter_status::KnownStatus,
        mail_fault::MailFault,
    },
    mail::{
        MessageBuilder, Rendered,
        fault::Secrets,
        message::{AUTO_SUBMITTED, PRECEDENCE, SUPPRESS},
    },
};

#[cfg(test)]
mod tests;

pub(super) const PROVIDER: MailProvider = MailProvider {
    provider: Provider { name: "brevo", title: "Brevo" },
    url: UrlForm::Hosted(Hosted {
        form: "brevo://KEY",
        base: "https://api.brevo.com",
        regions: &[],
        parameters: &[],
        account: |text, _| Ok(Arc::new(Account { key: key(text)? })),
    }),
    guide: Guide {
        account: "KEY is an API key, version 3",
        letter_id: "X-Mailin-custom; the Message-ID is Brevo's",
        tracking: "as the account is set",
        repeated: "refused there for half an hour: the letter waits for a report or the end of that \
            time",
        recheck: Some(
            "GET /v3/smtp/statistics/events of the message, of the last 90 days, with the key that \
                sends. A letter whose answer was lost is not found",
        ),
    },
    webhook: Some(Webhook {
        variable: "MAIL_EVENTS_BREVO",
        meaning: "the secret that Brevo's webhook sends, at least 16 characters (without it: no such \
            webhook)",
        guide: WebhookGuide {
            setup: "Transactional > Settings > Webhook: delivered, deferred, soft and hard bounce, \
                invalid email, blocked, error, spam; single or batched. It signs nothing: a secret of \
                16 characters or more as the password in the URL, as a bearer token (auth), or in a \
                header X-Mail-Events-Secret",
            outcomes: "soft_bounce is bounced; error is failed",
            over_smtp: "a letter is recognised by X-Mailin-custom, which it gets on its way to Brevo's \
                hosts",
        },
        verifier: |text| Ok(Arc::new(SecretWebhook::of_lists(text, delivery_event)?)),
    }),
    // <https://help.brevo.com/hc/en-us/articles/17286219877778>
    service: Some(KnownService {
        title: "Brevo",
        is_relay: |host| host.ends_with(".brevo.com") || host.ends_with(".sendinblue.com"),
        envelope: EnvelopeDomain::Service,
        include: None,
        selectors: &["mail", "brevo1", "brevo2"],
        setup: "authenticate the domain in Brevo: its code, and one or two records for DKIM. Otherwise \
            letters leave with a sender at brevosend.com",
    }),
    // <https://developers.brevo.com/docs/transactional-webhooks>
    smtp_server: Some(SmtpServer {
        is_host: |host| matches!(host, "smtp-relay.brevo.com" | "smtp-relay.sendinblue.com"),
        id: "X-Mailin-custom",
        prefix: "",
        others: &[],
    }),
};

/// The members of a person.
const PERSON: [&str; 2] = ["email", "name"];

/// A key that may send.
struct Account {
    key: SecretString,
}

impl ProviderApi for Account {
    fn request(&self, letter: &Letter, builder: &MessageBuilder, content: Rendered) -> Post {
        let mut body = json!({
            "sender": person(&builder.sender.from, PERSON),
            "to": [{"email": letter.to.wire()}],
            "subject": content.subject,
            "textContent": content.text,
            "htmlContent": content.html,
            "headers": {
                AUTO_SUBMITTED.0: AUTO_SUBMITTED.1,
                PRECEDENCE.0: PRECEDENCE.1,
                SUPPRESS.0: SUPPRESS.1,
                // Events bring it back.
                "X-Mailin-custom": letter.id.to_string(),
                // A UUID, one for all attempts of a letter.
                "idempotencyKey": letter.id.uuid().to_string(),
            },
        });
        if let Some(reply_to) = &builder.sender.reply_to {
            body["replyTo"] = person(reply_to, PERSON);
        }
        let headers = vec![("Accept", "application/json".to_owned())];
        Post { path: "/v3/smtp/email".to_owned(), headers, body: Body::Json(body) }
    }

    fn sign(&self, request: &mut Request) {
        add_key(request, HeaderName::from_static("api-key"), &self.key);
    }

    /// <https://developers.brevo.com/docs/how-it-works#error-codes>. A letter that was accepted is a 201 with
    /// a `messageId`.
    fn verdict(&self, answer: &Answer) -> Verdict {
        let json = answer.json();
        let message = json["message"].as_str().unwrap_or_default().to_ascii_lowercase();
        match json["code"].as_str().unwrap_or_default() {
            // A key is taken for half an hour. The answer to its first request was lost: a report of that
            // letter, or the next attempt after that time, settles it.
            "duplicate_parameter" | "duplicate_request" if message.contains("idempotency") => {
                Verdict::Temporary
            }
            "not_enough_credits" | "account_under_validation" => Verdict::Operator(MailFault::Quota),
            "unauthorized" => Verdict::Operator(MailFault::Authentication),
            _ if answer.status == StatusCode::BAD_REQUEST && is_about_sender(&message) => {
                Verdict::Operator(MailFault::Sender)
            }
            _ => answer.usual(json["messageId"].as_str().map(str::to_owned)),
        }
    }

    fn secrets(&self) -> Secrets {
        Secrets::of(&self.key)
    }

    /// <https://developers.brevo.com/reference/get-email-event-report>: the events of a message, of the last
    /// 90 days. They are found by its id alone: what we send with a letter is no filter there.
    fn status_request(&self, asked: &AskedLetter<'_>) -> Option<Get> {
        let pairs = [("messageId", asked.message_id?), ("days", "90"), ("limit", "100"), ("sort", "asc")];
        Some(Get::path(&["v3", "smtp", "statistics", "events"]).query(&pairs))
    }

    /// Without an event, the answer may be an empty object.
    fn status(&self, asked: &AskedLetter<'_>, answer: &Answer) -> Option<StatusStep> {
        let json = answer.json();
        let events = match json.get("events") {
            Some(Value::Array(events)) => events.as_slice(),
            Some(Value::Null) => &[],
            None if json.as_object().is_some_and(serde_json::Map::is_empty) => &[],
            _ => return None,
        };
        let first = events.iter().filter_map(|event| rfc3339(event, "/date")).min();
        let id = events.iter().find_map(|event| text(event, "/messageId"));
        let accepted = id.and_then(|id| asked.accepted(id, first));
        let events = events.iter().filter_map(as_reported);
        let events = events.map(|event| delivery_event(&asked.request(), &event)).collect();
        Some(StatusStep::Known(KnownStatus { accepted, events }))
    }
}

/// An event of the statistics in the form that the webhook has; `None` for one that says nothing of the
/// delivery. A letter that was opened was delivered before. The names are those of Brevo's libraries:
/// <https://github.com/getbrevo/brevo-python>, `GetEmailEventReportEvents`.
fn as_reported(event: &Value) -> Option<Value> {
    let name = match text(event, "/event")? {
        "delivered" | "opened" | "clicks" | "loadedByProxy" => "delivered",
        "hardBounces" => "hard_bounce",
        "softBounces" | "bounces" => "soft_bounce",
        "invalid" => "invalid_email",
        name @ ("deferred" | "blocked" | "spam" | "error") => name,
        _ => return None,
    };
    Some(json!({
        "event": name,
        "email": event["email"],
        "message-id": event["messageId"],
        "reason": event["reason"],
        "ts_event": rfc3339(event, "/date").map(|at| at.timestamp()),
    }))
}

/// "Sending has been rejected because the sender you used … is not valid", "sender is missing" and their
/// like; also of `replyTo`.
fn is_about_sender(message: &str) -> bool {
    ["sender", "replyto", "reply to"].iter().any(|word| message.contains(word))
}

fn delivery_event(request: &WebhookRequest<'_>, event: &Value) -> DeliveryEvent {
    let status = match text(event, "/event").unwrap_or_default() {
        "delivered" => Some(DeliveryStatus::Delivered),
        // It tries again. After a soft bounce it does not.
        "deferred" => Some(DeliveryStatus::Deferred),
        // A blocked address is on Brevo's list.
        "hard_bounce" | "soft_bounce" | "blocked" | "invalid_email" | "invalid" | "error" => {
            Some(DeliveryStatus::Bounced)
        }
        "spam" | "complaint" => Some(DeliveryStatus::Complained),
        _ => None,
    };
    let message_id = text(event, "/message-id").map(|id| id.trim_start_matches('<').trim_end_matches('>'));
    // The answer to the sending has angle brackets around it; not every event has them.
    let bracketed = message_id.map(|id| format!("<{id}>"));
    DeliveryEvent {
        // No event has an id of its own, and `id` is the webhook's.
        event_id: event_id(None, event),
        letter: letter(event, "/X-Mailin-custom"),
        message_ids: message_ids(bracketed.as_deref().into_iter().chain(message_id)),
        at: request.at(at(event)),
        status,
        fault: fault_of(status, || fault(event)),
        may_be_reply: false,
        reason: reason_of(status, event, &["/reason"]),
        status_code: None,
        no_such_mailbox: has_no_mailbox(event),
    }
}

/// `ts_event` is when it happened, in seconds. `ts_epoch` counts milliseconds, and seconds in some examples.
/// The other times follow the account's time zone.
fn at(event: &Value) -> Option<DateTime<Utc>> {
    /// Of seconds, the year 5138; of milliseconds, 1973.
    const LATEST_SECOND: f64 = 1e11;
    seconds(event, "/ts_event").or_else(|| match event.get("ts_epoch").and_then(Value::as_f64) {
        Some(count) if count.abs() > LATEST_SECOND => seconds(&json!({"at": count / 1000.0}), "/at"),
        _ => seconds(event, "/ts_epoch"),
    })
}

/// What is at fault where it is not the address.
/// <https://developers.brevo.com/docs/transactional-webhooks>
fn fault(event: &Value) -> Option<MailFault> {
    let (said, recipient) = (text(event, "/reason").unwrap_or_default(), text(event, "/email"));
    match text(event, "/event").unwrap_or_default() {
        // Brevo did not send it: the reason is its own, and not of a server.
        "blocked" => Some(MailFault::Suppressed),
        "invalid_email" | "invalid" => None,
        // Brevo itself could not send it.
        "error" => Some(sender_fault(said, recipient).unwrap_or(MailFault::Provider)),
        kind => {
            sender_fault(said, recipient).or_else(|| recipient_fault(said, recipient, kind == "soft_bounce"))
        }
    }
}

fn has_no_mailbox(event: &Value) -> bool {
    match text(event, "/event") {
        Some("hard_bounce") => is_about_address(text(event, "/reason").map(without_prefix)),
        Some("invalid_email" | "invalid") => true,
        _ => false,
    }
}

/// A reply without the name that Brevo writes before it: `RecipientError: 550 5.1.1 …`.
fn without_prefix(reason: &str) -> &str {
    reason.split_once("Error: ").map_or(reason, |(_, said)| said)
}
