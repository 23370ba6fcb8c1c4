//! SendGrid: `POST /v3/mail/send`,
//! <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send>. It has no idempotency key.
//!
//! Its webhooks sign the timestamp and the body with ECDSA on P-256:
//! <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use p256::{
    ecdsa::{Signature, VerifyingKey, signature::Verifier},
    pkcs8::DecodePublicKey,
};
use reqwest::{Request, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    api::ProviderApi,
    guide::{Guide, WebhookGuide},
    hosted_url::{Hosted, key},
    known_service::{EnvelopeDomain, KnownService},
    provider::{MailProvider, UrlForm, Webhook},
    request::{Body, Get, Post, add_bearer, person},
    response::{Answer, Verdict},
    status::{AskedLetter, StatusStep},
    webhook::{
        event_id, fault_of, is_about_address, letter, letter_of_message_id, message_ids, reason_of,
        recipient_fault, rfc3339, seconds, sender_fault, text,
    },
};
use crate::{
    domain::{
        delivery_reports::{
            DeliveryEvent, DeliveryStatus, Provider, Verified, WebhookError, WebhookRequest, WebhookVerifier,
        },
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
    provider: Provider { name: "sendgrid", title: "SendGrid" },
    url: UrlForm::Hosted(Hosted {
        form: "sendgrid://KEY",
        base: "https://api.sendgrid.com",
        regions: &[("eu", "https://api.eu.sendgrid.com")],
        parameters: &[],
        account: |text, _| Ok(Arc::new(Account { key: key(text)? })),
    }),
    guide: Guide {
        account: "KEY is an API key with Mail Send",
        letter_id: "custom_args.letter, and our Message-ID",
        tracking: "switched off in each letter",
        repeated: "it arrives twice; programs that know our Message-ID show it once",
        recheck: Some(
            "the Email Activity Feed (GET /v3/messages), for 30 days. It needs the add-on for email \
                activity and a key with Email Activity, and has no data of EU subusers. A letter whose \
                answer was lost is found by custom_args.letter",
        ),
    },
    webhook: Some(Webhook {
        variable: "MAIL_EVENTS_SENDGRID",
        meaning: "the public key of SendGrid's signed event webhook, in base 64 (without it: no such \
            webhook)",
        guide: WebhookGuide {
            setup: "Mail Settings > Event Webhook: delivered, deferred, bounced, dropped, spam reports; \
                switch on Signed Event Webhook (X-Twilio-Email-Event-Webhook-Signature and -Timestamp), \
                which shows the verification key. A signature counts for 25 hours",
            outcomes: "blocked is bounced; dropped for a header, a quota or the content is failed",
            over_smtp: "a letter is recognised by our Message-ID, where MAIL_FROM has a domain that is \
                authenticated there",
        },
        verifier: |text| Ok(Arc::new(PublicKey::parse(text)?)),
    }),
    // <https://www.twilio.com/docs/sendgrid/ui/account-and-settings/how-to-set-up-domain-authentication>
    service: Some(KnownService {
        title: "SendGrid",
        is_relay: |host| host.ends_with(".sendgrid.net"),
        envelope: EnvelopeDomain::Service,
        include: Some("sendgrid.net"),
        selectors: &["s1", "s2"],
        setup: "authenticate the domain in SendGrid: two CNAMEs for DKIM, and one for the Return-Path",
    }),
    smtp_server: None,
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
            "personalizations": [{"to": [{"email": letter.to.wire()}]}],
            "from": person(&builder.sender.from, PERSON),
            "subject": content.subject,
            "content": [
                {"type": "text/plain", "value": content.text},
                {"type": "text/html", "value": content.html},
            ],
            "headers": {
                "Message-ID": builder.message_id(letter),
                AUTO_SUBMITTED.0: AUTO_SUBMITTED.1,
                PRECEDENCE.0: PRECEDENCE.1,
                SUPPRESS.0: SUPPRESS.1,
            },
            "custom_args": {"letter": letter.id.to_string()},
            "tracking_settings": {
                "click_tracking": {"enable": false, "enable_text": false},
                "open_tracking": {"enable": false},
                "subscription_tracking": {"enable": false},
                "ganalytics": {"enable": false},
            },
        });
        if let Some(reply_to) = &builder.sender.reply_to {
            body["reply_to"] = person(reply_to, PERSON);
        }
        Post { path: "/v3/mail/send".to_owned(), headers: Vec::new(), body: Body::Json(body) }
    }

    fn sign(&self, request: &mut Request) {
        add_bearer(request, &self.key);
    }

    /// The answer to an accepted letter is 202 with a message id in a header; events append to it
    /// (`sg_message_id`). A refusal names the member at fault: the sender is the operator's, all others are
    /// the letter's.
    fn verdict(&self, answer: &Answer) -> Verdict {
        if answer.status == StatusCode::BAD_REQUEST {
            let json = answer.json();
            let mut fields =
                json["errors"].as_array().into_iter().flatten().filter_map(|error| error["field"].as_str());
            if fields.any(|field| field.starts_with("from") || field.starts_with("reply_to")) {
                return Verdict::Operator(MailFault::Sender);
            }
        }
        let is_accepted = answer.status == StatusCode::ACCEPTED;
        answer.usual(answer.header("x-message-id").filter(|_| is_accepted).map(str::to_owned))
    }

    fn secrets(&self) -> Secrets {
        Secrets::of(&self.key)
    }

    /// The Email Activity Feed, which is bought separately:
    /// <https://www.twilio.com/docs/sendgrid/for-developers/sending-email/getting-started-email-activity-api>
    ///
    /// The answer to a sending has the beginning of the message's id.
    fn status_request(&self, asked: &AskedLetter<'_>) -> Option<Get> {
        let query = match asked.message_id {
            Some(id) if is_plain(id) => format!("msg_id LIKE '{id}%'"),
            Some(_) => return None,
            None => format!("(unique_args['letter']=\"{}\")", asked.id),
        };
        Some(Get::path(&["v3", "messages"]).query(&[("limit", "1"), ("query", &query)]))
    }

    fn status_needs(&self) -> &'static str {
        "Looking letters up needs the add-on for email activity, and a key that may read it."
    }

    /// First a list of messages, then the one with its events:
    /// <https://www.twilio.com/docs/sendgrid/api-reference/email-activity/filter-messages-by-message-id>.
    fn status(&self, asked: &AskedLetter<'_>, answer: &Answer) -> Option<StatusStep> {
        let json = answer.json();
        if let Some(messages) = json["messages"].as_array() {
            let found = messages.first().and_then(|message| text(message, "/msg_id"));
            return Some(match found {
                Some(id) => StatusStep::Ask(Get::path(&["v3", "messages", id]), KnownStatus::default()),
                None => StatusStep::Known(KnownStatus::default()),
            });
        }
        let (events, id) = (json["events"].as_array()?, text(&json, "/msg_id")?);
        let first = events.iter().filter_map(|event| rfc3339(event, "/processed")).min();
        let accepted = accepted_ids(id).next().and_then(|id| asked.accepted(id, first));
        let events = events.iter().filter_map(|event| as_reported(&json, event));
        let events = events.map(|event| delivery_event(&asked.request(), &event)).collect();
        Some(StatusStep::Known(KnownStatus { accepted, events }))
    }
}

/// Whether an id can stand in a query: without quotation marks and wildcards.
fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// An event of the feed in the form that the webhook has; `None` for one that says nothing of the delivery.
fn as_reported(message: &Value, event: &Value) -> Option<Value> {
    let name = match text(event, "/event_name")? {
        "bounced" | "bounce" => "bounce",
        "spam_report" | "spamreport" => "spamreport",
        name @ ("delivered" | "deferred" | "dropped") => name,
        _ => return None,
    };
    // A soft bounce is what the webhook calls blocked: it says less about the address.
    let kind = if text(event, "/bounce_type") == Some("soft") { "blocked" } else { "bounce" };
    Some(json!({
        "event": name,
        "email": message["to_email"],
        "reason": event["reason"],
        "type": kind,
        "timestamp": rfc3339(event, "/processed").map(|at| at.timestamp()),
    }))
}

/// How old a signature may be. SendGrid retries until 24 hours after the event and does not say that it signs
/// anew. The body is signed and each event counts once, so that an old request does no harm.
/// <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/troubleshooting>
const WINDOW: TimeDelta = TimeDelta::hours(25);
/// The most prefixes of a message id that are tried: two hundred events make a few hundred names in one
/// query.
const MAX_PREFIXES: usize = 8;
const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";

/// The public key of the webhook.
struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Base 64 of the DER form, as SendGrid shows it.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let der = STANDARD.decode(text).ok();
        let key = der.and_then(|der| VerifyingKey::from_public_key_der(&der).ok());
        key.map(Self).ok_or("is no P-256 public key in base 64, as SendGrid shows it")
    }

    fn is_verified(&self, request: &WebhookRequest<'_>) -> bool {
        signature(request).is_some_and(|(timestamp, signature)| {
            let signed = [timestamp.as_bytes(), request.body].concat();
            self.0.verify(&signed, &signature).is_ok()
        })
    }
}

impl WebhookVerifier for PublicKey {
    fn admits(&self, request: &WebhookRequest<'_>) -> bool {
        signature(request).is_some()
    }

    fn read(&self, request: &WebhookRequest<'_>) -> Result<Verified, WebhookError> {
        if !self.is_verified(request) {
            return Err(WebhookError::Unverified);
        }
        match request.json()? {
            Value::Array(events) if events.iter().all(Value::is_object) => {
                Ok(events.iter().map(|event| delivery_event(request, event)).collect::<Vec<_>>().into())
            }
            _ => Err(WebhookError::OtherForm),
        }
    }
}

/// Timestamp and signature of a request, where the timestamp is recent.
fn signature<'a>(request: &WebhookRequest<'a>) -> Option<(&'a str, Signature)> {
    let timestamp = (request.header)(TIMESTAMP).filter(|timestamp| request.is_fresh(timestamp, WINDOW))?;
    let signature = Signature::from_der(&STANDARD.decode((request.header)(SIGNATURE)?).ok()?).ok()?;
    Some((timestamp, signature))
}

fn delivery_event(request: &WebhookRequest<'_>, event: &Value) -> DeliveryEvent {
    let status = match text(event, "/event").unwrap_or_default() {
        "delivered" => Some(DeliveryStatus::Delivered),
        "deferred" => Some(DeliveryStatus::Deferred),
        // A bounce of the type `blocked` says less about the address, but SendGrid does not try again. A
        // dropped letter was never tried: the address is on SendGrid's list of those that have bounced,
        // complained or unsubscribed.
        "bounce" | "dropped" => Some(DeliveryStatus::Bounced),
        "spamreport" => Some(DeliveryStatus::Complained),
        _ => None,
    };
    DeliveryEvent {
        event_id: event_id(text(event, "/sg_event_id").map(str::to_owned), event),
        // The Message-ID is ours where SendGrid has confirmed the sender's domain, and SendGrid's own
        // elsewhere.
        letter: letter(event, "/letter").or_else(|| text(event, "/smtp-id").and_then(letter_of_message_id)),
        message_ids: message_ids(text(event, "/sg_message_id").into_iter().flat_map(accepted_ids)),
        at: request.at(seconds(event, "/timestamp")),
        status,
        fault: fault_of(status, || fault(event)),
        may_be_reply: false,
        reason: reason_of(status, event, &["/reason", "/response"]),
        status_code: None,
        no_such_mailbox: has_no_mailbox(event),
    }
}

/// What is at fault where it is not the address.
fn fault(event: &Value) -> Option<MailFault> {
    let (said, recipient) = (
        text(event, "/reason").or_else(|| text(event, "/response")).unwrap_or_default(),
        text(event, "/email"),
    );
    if text(event, "/event") == Some("dropped") {
        return drop_fault(said, recipient);
    }
    let class = text(event, "/bounce_classification").unwrap_or_default();
    let gave_up = matches!(class, "Mailbox Unavailable" | "Technical Failure" | "Technical");
    // <https://www.twilio.com/docs/sendgrid/ui/analytics-and-reporting/bounce-and-block-classifications>
    let classified = match class {
        "Reputation" | "Frequency or Volume Too High" => Some(MailFault::Reputation),
        "Content" => Some(MailFault::Blocked),
        _ => None,
    };
    let blocked = (text(event, "/type") == Some("blocked")).then_some(MailFault::Blocked);
    sender_fault(said, recipient)
        .or(classified)
        .or_else(|| recipient_fault(said, recipient, gave_up))
        .or(blocked)
}

/// Why SendGrid dropped a letter itself.
/// <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event#dropped>
fn drop_fault(said: &str, recipient: Option<&str>) -> Option<MailFault> {
    match said.to_ascii_lowercase().as_str() {
        "" | "invalid" | "invalid address" | "invalid email address" => None,
        "bounced address" | "spam reporting address" | "unsubscribed address" | "group unsubscribe" => {
            Some(MailFault::Suppressed)
        }
        "invalid smtpapi header" => Some(MailFault::Setup),
        "recipient list over package quota" => Some(MailFault::Quota),
        reason if reason.starts_with("spam content") => Some(MailFault::Policy),
        // The address was never tried.
        _ => Some(sender_fault(said, recipient).unwrap_or(MailFault::Provider)),
    }
}

/// The message ids that an accepted letter may have had. Events append to them (`ID.recvd-…`, `ID.filter…`),
/// and an id may have a few dots itself.
fn accepted_ids(id: &str) -> impl Iterator<Item = &str> {
    let likely = id.find(".recvd-").or_else(|| id.find(".filter")).map(|end| &id[..end]);
    likely.into_iter().chain(id.match_indices('.').take(MAX_PREFIXES).map(|(end, _)| &id[..end])).chain([id])
}

/// <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>: a bounce of the type
/// `blocked` is a server's policy. `Invalid` is no address; `Bounced Address` is on SendGrid's own list.
fn has_no_mailbox(event: &Value) -> bool {
    let class = text(event, "/bounce_classification");
    match text(event, "/event") {
        Some("bounce") => {
            text(event, "/type") != Some("blocked")
                && class.is_none_or(|class| matches!(class, "" | "Invalid Address" | "Unclassified"))
                && is_about_address(text(event, "/reason"))
                && is_about_address(text(event, "/status"))
        }
        Some("dropped") => text(event, "/reason") == Some("Invalid"),
        _ => false,
    }
}
