//! Postmark: `POST /email`, <https://postmarkapp.com/developer/api/email-api>, with its list of error codes,
//! <https://postmarkapp.com/developer/api/overview#error-codes>. It has no idempotency key.
//!
//! Its webhooks are not signed. A secret comes with each request, as the password of basic authentication (in
//! the webhook's URL) or in a header: <https://postmarkapp.com/developer/webhooks/webhooks-overview>.

use std::sync::Arc;

use reqwest::{Request, header::HeaderName};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    api::ProviderApi,
    guide::{Guide, WebhookGuide},
    hosted_url::{Hosted, key},
    known_service::{EnvelopeDomain, KnownService},
    provider::{MailProvider, UrlForm, Webhook},
    request::{Body, Get, Post, add_key},
    response::{Answer, Verdict},
    smtp_server::SmtpServer,
    status::{AskedLetter, StatusStep},
    webhook::{
        SecretWebhook, event_id, fault_of, is_about_address, letter, message_ids, reason_of, recipient_fault,
        rfc3339, sender_fault, text,
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
    provider: Provider { name: "postmark", title: "Postmark" },
    url: UrlForm::Hosted(Hosted {
        form: "postmark://TOKEN",
        base: "https://api.postmarkapp.com",
        regions: &[],
        parameters: &[],
        account: |text, _| Ok(Arc::new(Account { token: key(text)? })),
    }),
    guide: Guide {
        account: "TOKEN is the API token of a server",
        letter_id: "Metadata.letter, and our Message-ID",
        tracking: "switched off in each letter",
        repeated: "it arrives twice; programs that know our Message-ID show it once",
        recheck: Some(
            "the message's events, and its bounce (GET /messages/outbound/{id}/details, /bounces/{id}), \
                for 45 days by default, with the server token that sends. A letter whose answer was \
                lost is found by Metadata.letter",
        ),
    },
    webhook: Some(Webhook {
        variable: "MAIL_EVENTS_POSTMARK",
        meaning: "the secret that Postmark's webhook sends, at least 16 characters (without it: no such \
            webhook)",
        guide: WebhookGuide {
            setup: "Message stream > Webhooks: delivery, bounce, spam complaint. It signs nothing: put \
                a secret of 16 characters or more into the URL, \
                https://any:SECRET@host/v1/mail-events/postmark, or into a custom header \
                X-Mail-Events-Secret",
            outcomes: "SoftBounce, DnsError, and Transient unless its details say \"action: delayed\" \
                are bounced; SMTPApiError, TemplateRenderingFailed and DMARCPolicy are failed",
            over_smtp: "a letter is recognised by X-PM-Metadata-letter, which it gets on its way to \
                Postmark's hosts",
        },
        verifier: |text| Ok(Arc::new(SecretWebhook::of_single_events(text, delivery_event)?)),
    }),
    // <https://postmarkapp.com/support/article/1046-how-do-i-verify-a-domain>
    service: Some(KnownService {
        title: "Postmark",
        is_relay: |host| host.ends_with(".postmarkapp.com"),
        envelope: EnvelopeDomain::Subdomain("pm-bounces"),
        include: None,
        selectors: &[],
        setup: "verify the domain in Postmark: DKIM, and a custom Return-Path (CNAME to pm.mtasv.net)",
    }),
    // <https://postmarkapp.com/support/article/1125-custom-metadata-faq-1>,
    // <https://postmarkapp.com/developer/user-guide/send-email-with-smtp>
    smtp_server: Some(SmtpServer {
        is_host: |host| host.ends_with(".postmarkapp.com"),
        id: "X-PM-Metadata-letter",
        prefix: "",
        others: &[("X-PM-TrackOpens", "false"), ("X-PM-TrackLinks", "None")],
    }),
};

/// "Invalid email request": an address or a field that is not accepted.
const INVALID: u64 = 300;
/// The sender is no signature of the account, or one that is not confirmed.
const SENDER_UNKNOWN: u64 = 400;
const SENDER_UNCONFIRMED: u64 = 401;
/// "Not allowed to send": no credit is left. An account that is not approved yet, and one that may not send.
const NO_CREDIT: u64 = 405;
const ACCOUNT_PENDING: u64 = 412;
const ACCOUNT_BARRED: u64 = 413;
/// Faults that the same letter has again: JSON that cannot be read.
const FINAL: [u64; 3] = [402, 403, 409];
/// The recipient bounced or complained before.
const INACTIVE: u64 = 406;

/// A server's token.
struct Account {
    token: SecretString,
}

impl ProviderApi for Account {
    fn request(&self, letter: &Letter, builder: &MessageBuilder, content: Rendered) -> Post {
        let header = |name: &str, value: &str| json!({"Name": name, "Value": value});
        let mut body = json!({
            "From": builder.sender.from.to_string(),
            "To": letter.to.wire(),
            "Subject": content.subject,
            "TextBody": content.text,
            "HtmlBody": content.html,
            "TrackOpens": false,
            "TrackLinks": "None",
            "Metadata": {"letter": letter.id.to_string()},
            "Headers": [
                header("Message-ID", &builder.message_id(letter)),
                // Without it, Postmark writes a Message-ID of its own.
                header("X-PM-KeepID", "true"),
                header(AUTO_SUBMITTED.0, AUTO_SUBMITTED.1),
                header(PRECEDENCE.0, PRECEDENCE.1),
                header(SUPPRESS.0, SUPPRESS.1),
            ],
        });
        if let Some(reply_to) = &builder.sender.reply_to {
            body["ReplyTo"] = reply_to.to_string().into();
        }
        let headers = vec![("Accept", "application/json".to_owned())];
        Post { path: "/email".to_owned(), headers, body: Body::Json(body) }
    }

    fn sign(&self, request: &mut Request) {
        add_key(request, HeaderName::from_static("x-postmark-server-token"), &self.token);
    }

    /// Every refusal of a letter or an account is a 422 with an `ErrorCode`. Most are about the account: a
    /// sender that is not confirmed, no credit. An accepted letter has `ErrorCode` 0 and a `MessageID`.
    fn verdict(&self, answer: &Answer) -> Verdict {
        let json = answer.json();
        match json["ErrorCode"].as_u64() {
            Some(0) => answer.usual(json["MessageID"].as_str().map(str::to_owned)),
            None => answer.usual(None),
            Some(INVALID) if json["Message"].as_str().is_some_and(is_about_sender) => {
                Verdict::Operator(MailFault::Sender)
            }
            Some(SENDER_UNKNOWN | SENDER_UNCONFIRMED) => Verdict::Operator(MailFault::Sender),
            Some(NO_CREDIT | ACCOUNT_PENDING | ACCOUNT_BARRED) => Verdict::Operator(MailFault::Quota),
            Some(INVALID) => Verdict::Permanent(None),
            Some(INACTIVE) => Verdict::Permanent(Some(MailFault::Suppressed)),
            Some(code) if FINAL.contains(&code) => Verdict::Permanent(None),
            Some(_) => match answer.usual(None) {
                presumed @ Verdict::Presumed(_) => presumed,
                _ => Verdict::Temporary,
            },
        }
    }

    fn secrets(&self) -> Secrets {
        Secrets::of(&self.token)
    }

    /// <https://postmarkapp.com/developer/api/messages-api>: the details of a message, which is found by its
    /// metadata where its id is not known.
    fn status_request(&self, asked: &AskedLetter<'_>) -> Option<Get> {
        Some(asked.message_id.map_or_else(
            || {
                let letter = asked.id.to_string();
                let pairs = [("count", "1"), ("offset", "0"), ("metadata_letter", letter.as_str())];
                Get::path(&["messages", "outbound"]).query(&pairs)
            },
            details,
        ))
    }

    fn status(&self, asked: &AskedLetter<'_>, answer: &Answer) -> Option<StatusStep> {
        let json = answer.json();
        if let Some(messages) = json["Messages"].as_array() {
            let found = messages.first().and_then(|message| text(message, "/MessageID"));
            return Some(match found {
                Some(id) => StatusStep::Ask(details(id), KnownStatus::default()),
                None => StatusStep::Known(KnownStatus::default()),
            });
        }
        if let Some(events) = json["MessageEvents"].as_array() {
            return Some(of_events(asked, &json, events));
        }
        // A bounce, in the form that the webhook has, too.
        text(&json, "/BouncedAt")?;
        let mut bounce = json;
        bounce["RecordType"] = "Bounce".into();
        let events = vec![delivery_event(&asked.request(), &bounce)];
        Some(StatusStep::Known(KnownStatus { accepted: None, events }))
    }
}

/// The request for a message's events.
fn details(message_id: &str) -> Get {
    Get::path(&["messages", "outbound", message_id, "details"])
}

/// What the events of a message say. A bounce among them names its number, by which its reason is asked for.
fn of_events(asked: &AskedLetter<'_>, message: &Value, events: &[Value]) -> StatusStep {
    let id = text(message, "/MessageID").unwrap_or_default();
    let mut known =
        KnownStatus { accepted: asked.accepted(id, rfc3339(message, "/ReceivedAt")), events: Vec::new() };
    let mut bounce = None;
    for event in events {
        let at = rfc3339(event, "/ReceivedAt");
        match text(event, "/Type").unwrap_or_default() {
            "Delivered" => {
                // As the webhook reports it, so that the two are one event.
                let delivery =
                    json!({"RecordType": "Delivery", "MessageID": id, "DeliveredAt": event["ReceivedAt"]});
                known.events.push(delivery_event(&asked.request(), &delivery));
            }
            "Transient" => known.events.push(DeliveryEvent {
                at: asked.request().at(at),
                reason: reason_of(Some(DeliveryStatus::Deferred), event, &["/Details/DeliveryMessage"]),
                ..asked.event(event_id(None, event), DeliveryStatus::Deferred)
            }),
            "Bounced" => bounce = bounce_number(event).or(bounce),
            _ => {}
        }
    }
    match bounce {
        Some(number) => StatusStep::Ask(Get::path(&["bounces", &number]), known),
        None => StatusStep::Known(known),
    }
}

fn bounce_number(event: &Value) -> Option<String> {
    let number = event.pointer("/Details/BounceID")?;
    number.as_str().map(str::to_owned).or_else(|| number.as_u64().map(|number| number.to_string()))
}

fn is_about_sender(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["'from'", "'replyto'", "sender signature"].iter().any(|word| message.contains(word))
}

fn delivery_event(request: &WebhookRequest<'_>, event: &Value) -> DeliveryEvent {
    let record = text(event, "/RecordType").unwrap_or_default();
    let status = match record {
        "Delivery" => Some(DeliveryStatus::Delivered),
        "Bounce" => {
            bounce(text(event, "/Type").unwrap_or_default(), text(event, "/Details").unwrap_or_default())
        }
        "SpamComplaint" => Some(DeliveryStatus::Complained),
        _ => None,
    };
    // A bounce has a number of its own; a delivery has none, and a letter has one recipient.
    let number = event.get("ID").filter(|id| id.is_number()).map(ToString::to_string);
    let delivery = text(event, "/MessageID").filter(|_| record == "Delivery").map(str::to_owned);
    let id = number.or(delivery).map(|id| format!("{record}:{id}"));
    DeliveryEvent {
        event_id: event_id(id, event),
        letter: letter(event, "/Metadata/letter"),
        message_ids: message_ids(text(event, "/MessageID")),
        at: request.at(rfc3339(event, "/BouncedAt").or_else(|| rfc3339(event, "/DeliveredAt"))),
        status,
        fault: fault_of(status, || fault(event)),
        may_be_reply: false,
        reason: reason_of(status, event, &["/Details", "/Description", "/Name"]),
        status_code: None,
        no_such_mailbox: has_no_mailbox(event),
    }
}

/// <https://postmarkapp.com/developer/api/bounce-api#bounce-types>: automatic replies, changes of address,
/// subscriptions and what Postmark cannot classify are no bounces. Postmark has given up on soft bounces and
/// undeliverable letters, too: <https://postmarkapp.com/support/article/1159-how-to-fix-soft-bounces>.
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

/// What is at fault where it is not the address: by the type, or else by what the recipient's server said.
fn fault(event: &Value) -> Option<MailFault> {
    match text(event, "/Type").unwrap_or_default() {
        // A letter received by SMTP was not accepted; a template is wrong; the sender's domain forbids it.
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
            sender_fault(details, recipient)
                .or(blocked)
                .or_else(|| recipient_fault(details, recipient, gave_up))
        }
    }
}

/// <https://postmarkapp.com/developer/api/bounce-api#bounce-types>
fn has_no_mailbox(event: &Value) -> bool {
    text(event, "/RecordType") == Some("Bounce")
        && matches!(text(event, "/Type"), Some("HardBounce" | "BadEmailAddress"))
        && is_about_address(text(event, "/Details"))
}
