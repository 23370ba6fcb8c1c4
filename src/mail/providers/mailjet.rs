//! Mailjet: `POST /v3.1/send`, <https://dev.mailjet.com/email/guides/send-api-v31/>. Its only idempotency is
//! by campaign: a recipient gets one letter of a campaign, and each letter is one of its own.
//!
//! The `Message-ID` is Mailjet's.
//!
//! Its webhooks are not signed. A secret comes with each request, as the password of basic authentication in
//! the webhook's URL. They bring one event, or with grouped events (version 2) a list of them:
//! <https://dev.mailjet.com/email/guides/webhooks/>.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::Request;
use serde_json::{Value, json};

use super::{
    api::ProviderApi,
    guide::{Guide, WebhookGuide},
    hosted_url::{Hosted, key},
    known_service::{EnvelopeDomain, KnownService},
    provider::{MailProvider, UrlForm, Webhook},
    request::{Body, Get, Post, add_basic, person},
    response::{Answer, Verdict},
    smtp_server::SmtpServer,
    status::{AskedLetter, StatusStep},
    webhook::{
        SecretWebhook, denies_mailbox, event_id, fault_of, is_about_address, letter, message_ids, reason_of,
        recipient_fault, seconds, sender_fault, text,
    },
};
use crate::{
    domain::{
        delivery_reports::{DeliveryEvent, DeliveryStatus, Provider, WebhookRequest},
        ids::LetterId,
        letter::Letter,
        letter_status::KnownStatus,
        mail_fault::MailFault,
    },
    mail::{
        MessageBuilder, Rendered,
        fault::Secrets,
        message::{AUTO_SUBMITTED, PRECEDENCE, SUPPRESS},
        server_url::{Login, percent_decode},
    },
};

#[cfg(test)]
mod tests;

pub(super) const PROVIDER: MailProvider = MailProvider {
    provider: Provider { name: "mailjet", title: "Mailjet" },
    url: UrlForm::Hosted(Hosted {
        form: "mailjet://KEY:SECRET",
        base: "https://api.mailjet.com",
        regions: &[("us", "https://api.us.mailjet.com")],
        parameters: &[],
        account: |text, _| Ok(Arc::new(Account::parse(text)?)),
    }),
    guide: Guide {
        account: "KEY and SECRET are the API key and its secret key",
        letter_id: "CustomID; the Message-ID is Mailjet's",
        tracking: "switched off in each letter",
        repeated: "dropped there: each letter is a campaign of its own, which a recipient gets once",
        recheck: Some(
            "the message and its history (GET /v3/REST/message/{id}, /v3/REST/messagehistory/{id}), \
                with the key that sends. It does not say whether a bounce was hard. A letter whose \
                answer was lost is found by CustomID",
        ),
    },
    webhook: Some(Webhook {
        variable: "MAIL_EVENTS_MAILJET",
        meaning: "the secret that Mailjet's webhook sends, at least 16 characters (without it: no such \
            webhook)",
        guide: WebhookGuide {
            setup: "Account > Event notifications: sent, bounce, blocked, spam; single or grouped. It \
                signs nothing: a secret of 16 characters or more is the password in the URL, \
                https://any:SECRET@host/v1/mail-events/mailjet",
            outcomes: "bounce is bounced, except one that is greylisted and not hard; errors of its \
                system or a template, and \"sender blocked\", are failed",
            over_smtp: "a letter is recognised by X-MJ-CustomID, which it gets on its way to Mailjet's \
                hosts",
        },
        verifier: |text| Ok(Arc::new(SecretWebhook::of_lists(text, delivery_event)?)),
    }),
    // <https://documentation.mailjet.com/hc/en-us/articles/360042412734-Authenticating-Domains-with-SPF-DKIM>
    service: Some(KnownService {
        title: "Mailjet",
        is_relay: |host| host.ends_with(".mailjet.com"),
        envelope: EnvelopeDomain::Service,
        include: None,
        selectors: &["mailjet"],
        setup: "authenticate the domain in Mailjet: a DKIM record; for SPF to count, a custom Return-Path",
    }),
    // <https://dev.mailjet.com/docs/smtp_relay/custom_headers>
    smtp_server: Some(SmtpServer {
        is_host: |host| host == "mailjet.com" || host.ends_with(".mailjet.com"),
        id: "X-MJ-CustomID",
        prefix: "",
        others: &[("X-Mailjet-TrackOpen", "0"), ("X-Mailjet-TrackClick", "0")],
    }),
};

/// The members of a person.
const PERSON: [&str; 2] = ["Email", "Name"];
/// How long before the letter was made it is searched for, in seconds: clocks differ.
const SEARCH_MARGIN: u64 = 24 * 3600;

/// An API key and its secret.
struct Account {
    login: Login,
}

impl Account {
    fn parse(text: &str) -> Result<Self, String> {
        let (user, password) = text.split_once(':').ok_or(
            "Its secret key is missing: write mailjet://KEY:SECRET, with / : @ # ? percent-encoded in both.",
        )?;
        // The key is checked as the secret is.
        key(user)?;
        Ok(Self { login: Login { user: percent_decode(user)?, password: key(password)? } })
    }
}

impl ProviderApi for Account {
    fn request(&self, letter: &Letter, builder: &MessageBuilder, content: Rendered) -> Post {
        let id = letter.id.to_string();
        let mut message = json!({
            "From": person(&builder.sender.from, PERSON),
            "To": [{"Email": letter.to.wire()}],
            "Subject": content.subject,
            "TextPart": content.text,
            "HTMLPart": content.html,
            "CustomID": id,
            // Of the attempts whose answers were lost, one is sent.
            "CustomCampaign": id,
            "DeduplicateCampaign": true,
            "TrackOpens": "disabled",
            "TrackClicks": "disabled",
            "Headers": {
                AUTO_SUBMITTED.0: AUTO_SUBMITTED.1, PRECEDENCE.0: PRECEDENCE.1, SUPPRESS.0: SUPPRESS.1
            },
        });
        if let Some(reply_to) = &builder.sender.reply_to {
            message["ReplyTo"] = person(reply_to, PERSON);
        }
        let body = Body::Json(json!({"Messages": [message]}));
        Post { path: "/v3.1/send".to_owned(), headers: Vec::new(), body }
    }

    fn sign(&self, request: &mut Request) {
        add_basic(request, &self.login);
    }

    /// The answer has a status for each message; an error names the members that it is about. An error of the
    /// whole request has its code beside the message: <https://dev.mailjet.com/email/guides/send-api-v31/>.
    fn verdict(&self, answer: &Answer) -> Verdict {
        let json = answer.json();
        let message = &json["Messages"][0];
        let mut errors = message["Errors"].as_array().into_iter().flatten().chain([&json]);
        if let Some(fault) = errors.find_map(operator_fault) {
            return Verdict::Operator(fault);
        }
        let id = message["To"][0]["MessageID"].as_u64().map(|id| id.to_string());
        let id = id.or_else(|| message["To"][0]["MessageUUID"].as_str().map(str::to_owned));
        answer.usual(id.filter(|_| message["Status"] == "success"))
    }

    fn secrets(&self) -> Secrets {
        Secrets::of_login(&self.login).and(Secrets::of(&self.login.user.as_str().into()))
    }

    /// <https://dev.mailjet.com/email/reference/messages/>: the message, by its number or by our id.
    fn status_request(&self, asked: &AskedLetter<'_>) -> Option<Get> {
        let is_number = |id: &&str| id.bytes().all(|byte| byte.is_ascii_digit());
        Some(asked.message_id.filter(is_number).map_or_else(
            || {
                let (id, since) = (asked.id.to_string(), searched_since(asked.id).to_string());
                let pairs = [("CustomID", id.as_str()), ("FromTS", since.as_str()), ("Limit", "1")];
                Get::path(&["v3", "REST", "message"]).query(&pairs)
            },
            |number| Get::path(&["v3", "REST", "message", number]),
        ))
    }

    /// First the message, then its history. A message that waits for another attempt has no event of that.
    fn status(&self, asked: &AskedLetter<'_>, answer: &Answer) -> Option<StatusStep> {
        let json = answer.json();
        let data = json["Data"].as_array()?;
        let Some(first) = data.first() else { return Some(StatusStep::Known(KnownStatus::default())) };
        if first.get("EventType").is_some() {
            let events = data.iter().filter_map(|event| as_reported(asked.id, event));
            let events = events.map(|event| delivery_event(&asked.request(), &event)).collect();
            return Some(StatusStep::Known(KnownStatus { accepted: None, events }));
        }
        let id = first["ID"].as_u64()?.to_string();
        let mut known = KnownStatus { accepted: asked.accepted(&id, arrived_at(first)), events: Vec::new() };
        Some(match text(first, "/Status").unwrap_or_default() {
            "" | "unknown" | "queued" => StatusStep::Known(known),
            "deferred" => {
                let event_id = event_id(None, &json!({"ID": id, "Status": "deferred"}));
                known.events.push(asked.event(event_id, DeliveryStatus::Deferred));
                StatusStep::Known(known)
            }
            _ => StatusStep::Ask(Get::path(&["v3", "REST", "messagehistory", &id]), known),
        })
    }
}

/// The operator's fault that an error names.
fn operator_fault(error: &Value) -> Option<MailFault> {
    match error["ErrorCode"].as_str() {
        // Neither the sender's address nor its domain is validated, or the key may not use it.
        Some("send-0006" | "send-0007" | "send-0008") => return Some(MailFault::Sender),
        // The key is suspended.
        Some("mj-0001") => return Some(MailFault::Quota),
        Some("mj-0015") => return Some(MailFault::Authentication),
        _ => {}
    }
    let mut members = error["ErrorRelatedTo"].as_array().into_iter().flatten().filter_map(Value::as_str);
    members.any(|name| name.starts_with("From") || name.starts_with("ReplyTo")).then_some(MailFault::Sender)
}

/// Since when a letter is searched for, in seconds after 1970: without it, Mailjet may look at the newest
/// messages alone. A letter's id begins with its time (RFC 9562 §5.7).
fn searched_since(letter: LetterId) -> u64 {
    let made = letter.uuid().get_timestamp().map(|at| at.to_unix().0);
    made.unwrap_or_default().saturating_sub(SEARCH_MARGIN)
}

/// When Mailjet accepted a message. The examples of its documentation lack the offset, which is UTC's.
fn arrived_at(message: &Value) -> Option<DateTime<Utc>> {
    let at = text(message, "/ArrivedAt")?;
    let parsed = DateTime::parse_from_rfc3339(at);
    parsed.or_else(|_| DateTime::parse_from_rfc3339(&format!("{at}Z"))).ok().map(|at| at.to_utc())
}

/// An event of a message's history in the form that the webhook has; `None` for one that says nothing of the
/// delivery. A letter that was opened was delivered before. The history does not say whether a bounce was
/// hard.
fn as_reported(letter: LetterId, event: &Value) -> Option<Value> {
    let name = match text(event, "/EventType")? {
        "sent" | "opened" | "clicked" => "sent",
        "bounced" => "bounce",
        name @ ("blocked" | "spam") => name,
        _ => return None,
    };
    Some(json!({
        "event": name,
        "CustomID": letter.to_string(),
        "time": event["EventAt"],
        "error": text(event, "/State").map(str::to_lowercase),
        "comment": event["Comment"],
    }))
}

fn delivery_event(request: &WebhookRequest<'_>, event: &Value) -> DeliveryEvent {
    let is_hard = event.get("hard_bounce").and_then(Value::as_bool).unwrap_or_default();
    let status = match (text(event, "/event").unwrap_or_default(), error(event)) {
        ("sent", _) => Some(DeliveryStatus::Delivered),
        // It tries again.
        ("bounce", "greylisted") if !is_hard => Some(DeliveryStatus::Deferred),
        // The letter was sent before; its own events tell of it.
        ("blocked", "duplicate in campaign") => None,
        ("bounce" | "blocked", _) => Some(DeliveryStatus::Bounced),
        ("spam", _) => Some(DeliveryStatus::Complained),
        _ => None,
    };
    let number = event.get("MessageID").filter(|id| id.is_u64()).map(ToString::to_string);
    let message_id = number.as_deref().or_else(|| text(event, "/MessageID"));
    DeliveryEvent {
        // No event has an id of its own.
        event_id: event_id(None, event),
        letter: letter(event, "/CustomID").or_else(|| letter(event, "/customcampaign")),
        message_ids: message_ids(message_id.into_iter().chain(text(event, "/Message_GUID"))),
        at: request.at(seconds(event, "/time")),
        status,
        fault: fault_of(status, || fault(event, is_hard)),
        may_be_reply: false,
        reason: reason_of(status, event, &["/comment", "/error", "/error_related_to", "/source"]),
        status_code: None,
        no_such_mailbox: status == Some(DeliveryStatus::Bounced) && has_no_mailbox(event, is_hard),
    }
}

fn error(event: &Value) -> &str {
    text(event, "/error").unwrap_or_default()
}

/// What is at fault where it is not the address, by Mailjet's table of errors,
/// <https://dev.mailjet.com/email/guides/webhooks/#possible-values-for-errors>, and the states of a message,
/// which are the same and more: <https://dev.mailjet.com/email/reference/messages/>.
fn fault(event: &Value, is_hard: bool) -> Option<MailFault> {
    let (said, recipient) = (text(event, "/comment").unwrap_or_default(), text(event, "/email"));
    match error(event) {
        "user unknown" | "mailbox inactive" | "invalid domain" | "typofix" => None,
        "quota exceeded" | "connection issue" | "greylisted" => Some(MailFault::Unavailable),
        // On Mailjet's list: it bounced, complained or unsubscribed before.
        "blacklisted" | "spam reporter" | "preblocked" => Some(MailFault::Suppressed),
        // Mailjet's own filter took it for spam, and did not send it.
        "spam preblocked" => Some(MailFault::Policy),
        "bad or empty template" | "error in template language" => Some(MailFault::Setup),
        "system issue" | "protocol issue" => Some(MailFault::Provider),
        "sender blocked" => Some(sender_fault(said, recipient).unwrap_or(MailFault::Reputation)),
        "content blocked" => Some(sender_fault(said, recipient).unwrap_or(MailFault::SpamFilter)),
        "policy issue" | "relay/access denied" => {
            Some(sender_fault(said, recipient).unwrap_or(MailFault::Blocked))
        }
        _ => sender_fault(said, recipient).or_else(|| recipient_fault(said, recipient, !is_hard)),
    }
}

/// What the server said decides; where it says nothing of that, whether the bounce was hard, which the
/// history of a message does not tell. A wrong domain ("invalid domain", "typofix", "no mail host") denies no
/// mailbox.
fn has_no_mailbox(event: &Value, is_hard: bool) -> bool {
    let comment = text(event, "/comment");
    match error(event) {
        "user unknown" | "mailbox inactive" => comment.and_then(denies_mailbox).unwrap_or(is_hard),
        "" => is_hard && is_about_address(comment),
        _ => false,
    }
}
