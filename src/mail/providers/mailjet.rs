//! Mailjet: `POST /v3.1/send`, <https://dev.mailjet.com/email/guides/send-api-v31/>. Its only idempotency is
//! by campaign: a recipient gets one letter of a campaign, and each letter is one of its own.
//!
//! The `Message-ID` is Mailjet's.
//!
//! Its webhooks are not signed. A secret comes with each request, as the password of basic authentication in
//! the webhook's URL. They bring one event, or with grouped events (version 2) a list of them:
//! <https://dev.mailjet.com/email/guides/webhooks/>.

use std::sync::Arc;

use lettre::message::Mailbox;
use reqwest::Request;
use serde_json::{Value, json};

use super::{
    api::ProviderApi,
    hosted_url::{Hosted, key},
    provider::{MailProvider, UrlForm, Webhook},
    request::{Body, Post, add_basic},
    response::{Answer, Verdict},
    webhook::{
        CHALLENGE, SharedSecret, event_id, is_about_address, letter, message_ids, objects, reason, seconds,
        sender_fault, text, unavailable,
    },
};
use crate::{
    domain::{
        delivery_reports::{
            DeliveryEvent, DeliveryStatus, Provider, Verified, WebhookError, WebhookRequest, WebhookVerifier,
        },
        letter::Letter,
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
    webhook: Some(Webhook {
        variable: "MAIL_EVENTS_MAILJET",
        meaning: "the secret that Mailjet's webhook sends, at least 16 characters (without it: no such \
            webhook)",
        verifier: |text| Ok(Arc::new(Events(SharedSecret::parse(text)?))),
    }),
};

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
            "From": person(&builder.sender.from),
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
            message["ReplyTo"] = person(reply_to);
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
        let errors = json["Messages"][0]["Errors"].as_array().into_iter().flatten();
        let is_about_sender = |error: &Value| {
            let members = error["ErrorRelatedTo"].as_array().into_iter().flatten().filter_map(Value::as_str);
            // "… is not an authorized sender email address for your account".
            error["ErrorCode"] == "send-0008"
                || members.into_iter().any(|name| name.starts_with("From") || name.starts_with("ReplyTo"))
        };
        if errors.into_iter().any(is_about_sender) {
            return Verdict::Operator(MailFault::Sender);
        }
        let message = &json["Messages"][0];
        let id = message["To"][0]["MessageID"].as_u64().map(|id| id.to_string());
        let id = id.or_else(|| message["To"][0]["MessageUUID"].as_str().map(str::to_owned));
        answer.usual(id.filter(|_| message["Status"] == "success"))
    }

    fn secrets(&self) -> Secrets {
        Secrets::of_login(&self.login).and(Secrets::of(&self.login.user.as_str().into()))
    }
}

fn person(mailbox: &Mailbox) -> Value {
    let mut person = json!({"Email": mailbox.email.as_ref() as &str});
    if let Some(name) = &mailbox.name {
        person["Name"] = name.as_str().into();
    }
    person
}

/// The webhook's secret.
struct Events(SharedSecret);

impl WebhookVerifier for Events {
    fn admits(&self, request: &WebhookRequest<'_>) -> bool {
        self.0.admits(request.header)
    }

    fn read(&self, request: &WebhookRequest<'_>) -> Result<Verified, WebhookError> {
        if !self.admits(request) {
            return Err(WebhookError::Unverified);
        }
        let events = objects(request.json()?)?;
        Ok(events.iter().map(|event| delivery_event(request, event)).collect::<Vec<_>>().into())
    }

    fn challenge(&self) -> &'static str {
        CHALLENGE
    }
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
        fault: status.filter(|status| *status == DeliveryStatus::Bounced).and_then(|_| fault(event, is_hard)),
        may_be_reply: false,
        reason: status
            .filter(|status| *status != DeliveryStatus::Delivered)
            .and(reason(event, &["/comment", "/error", "/error_related_to", "/source"])),
        no_such_mailbox: status == Some(DeliveryStatus::Bounced) && has_no_mailbox(event, is_hard),
    }
}

fn error(event: &Value) -> &str {
    text(event, "/error").unwrap_or_default()
}

/// What is at fault where it is not the address, by Mailjet's table of errors:
/// <https://dev.mailjet.com/email/guides/webhooks/#possible-values-for-errors>.
fn fault(event: &Value, is_hard: bool) -> Option<MailFault> {
    let (said, recipient) = (text(event, "/comment").unwrap_or_default(), text(event, "/email"));
    match error(event) {
        "user unknown" | "mailbox inactive" | "invalid domain" | "typofix" => None,
        "quota exceeded" | "connection issue" | "greylisted" => Some(MailFault::Unavailable),
        // On Mailjet's list: it bounced, complained or unsubscribed before.
        "blacklisted" | "spam reporter" | "preblocked" => Some(MailFault::Suppressed),
        "bad or empty template" | "error in template language" => Some(MailFault::Setup),
        "system issue" | "protocol issue" => Some(MailFault::Provider),
        "sender blocked" => Some(sender_fault(said, recipient).unwrap_or(MailFault::Reputation)),
        "content blocked" => Some(sender_fault(said, recipient).unwrap_or(MailFault::SpamFilter)),
        "policy issue" | "relay/access denied" => {
            Some(sender_fault(said, recipient).unwrap_or(MailFault::Blocked))
        }
        _ => sender_fault(said, recipient).or_else(|| unavailable(said, recipient, !is_hard)),
    }
}

fn has_no_mailbox(event: &Value, is_hard: bool) -> bool {
    match error(event) {
        "user unknown" | "mailbox inactive" | "invalid domain" | "typofix" => true,
        "" | "no mail host" => is_hard && is_about_address(text(event, "/comment")),
        _ => false,
    }
}
