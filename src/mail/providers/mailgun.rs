//! Mailgun: `POST /v3/{domain}/messages`,
//! <https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages>. It has no
//! idempotency key.
//!
//! Its webhooks sign a timestamp and a token with HMAC-SHA-256, in the body. The event is not signed: the
//! token verifies the first one that it comes with.
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>

use std::sync::Arc;

use chrono::TimeDelta;
use reqwest::{Request, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{
    api::ProviderApi,
    guide::{Guide, WebhookGuide},
    hosted_url::{Hosted, key},
    known_service::{EnvelopeDomain, KnownService},
    provider::{MailProvider, UrlForm, Webhook},
    request::{Body, Get, Post, add_basic},
    response::{Answer, Verdict},
    status::{AskedLetter, StatusStep},
    webhook::{
        digest, event_id, fault_of, is_about_address, is_hmac, letter, letter_of_message_id, message_ids,
        reason_of, recipient_fault, seconds, sender_fault, text,
    },
};
use crate::{
    domain::{
        delivery_reports::{
            DeliveryEvent, DeliveryStatus, Provider, Token, Verified, WebhookError, WebhookRequest,
            WebhookVerifier,
        },
        letter::Letter,
        letter_status::KnownStatus,
        mail_fault::MailFault,
    },
    mail::{
        MessageBuilder, Rendered,
        fault::Secrets,
        message::{AUTO_SUBMITTED, PRECEDENCE, SUPPRESS},
        server_url::Login,
    },
};

#[cfg(test)]
mod tests;

pub(super) const PROVIDER: MailProvider = MailProvider {
    provider: Provider { name: "mailgun", title: "Mailgun" },
    url: UrlForm::Hosted(Hosted {
        form: "mailgun://KEY@DOMAIN",
        base: "https://api.mailgun.net",
        regions: &[("eu", "https://api.eu.mailgun.net")],
        parameters: &[],
        account: |text, _| Ok(Arc::new(Account::parse(text)?)),
    }),
    guide: Guide {
        account: "KEY is a sending key of the domain DOMAIN",
        letter_id: "v:letter, and our Message-ID",
        tracking: "switched off in each letter",
        repeated: "it arrives twice; programs that know our Message-ID show it once",
        recheck: Some(
            "GET /v3/{domain}/events of the Message-ID, for 1 to 30 days, by the plan. A domain sending \
                key may only send: an account key is needed. A letter whose answer was lost is found by \
                our Message-ID",
        ),
    },
    webhook: Some(Webhook {
        variable: "MAIL_EVENTS_MAILGUN",
        meaning: "Mailgun's HTTP webhook signing key (without it: no such webhook)",
        guide: WebhookGuide {
            setup: "Webhooks: delivered, permanent failure, temporary failure, spam complaints. The \
                HTTP webhook signing key signs a timestamp and a token in the body, which count for 12 \
                hours",
            outcomes: "rejected and espblock are failed",
            over_smtp: "a letter is recognised by our Message-ID",
        },
        verifier: |text| Ok(Arc::new(SigningKey::parse(text)?)),
    }),
    // <https://documentation.mailgun.com/docs/mailgun/user-manual/domains/domains-verify>
    service: Some(KnownService {
        title: "Mailgun",
        is_relay: |host| host.ends_with(".mailgun.org"),
        envelope: EnvelopeDomain::Account,
        include: Some("mailgun.org"),
        selectors: &["pic", "mx", "k1", "smtp", "mailo", "krs"],
        setup: "verify the sending domain in Mailgun: an SPF and a DKIM record; MAIL_FROM should be in it",
    }),
    smtp_server: None,
};

/// A key that may send from the domain, as the password of Mailgun's only user.
struct Account {
    login: Login,
    domain: String,
}

impl Account {
    fn parse(text: &str) -> Result<Self, String> {
        let (text, domain) =
            text.rsplit_once('@').ok_or("Its domain is missing: write mailgun://KEY@DOMAIN.")?;
        if domain.is_empty() || !domain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')) {
            return Err(
                "The domain must be the one that Mailgun sends for, in ASCII letters: mailgun://KEY@DOMAIN."
                    .to_owned(),
            );
        }
        let login = Login { user: "api".to_owned(), password: key(text)? };
        Ok(Self { login, domain: domain.to_owned() })
    }
}

impl ProviderApi for Account {
    fn account(&self) -> Option<&str> {
        Some(&self.domain)
    }

    fn request(&self, letter: &Letter, builder: &MessageBuilder, content: Rendered) -> Post {
        let mut form = vec![
            ("from", builder.sender.from.to_string()),
            ("to", letter.to.wire()),
            ("subject", content.subject),
            ("text", content.text),
            ("html", content.html),
            ("o:tracking", "no".to_owned()),
            ("o:tracking-clicks", "no".to_owned()),
            ("o:tracking-opens", "no".to_owned()),
            ("v:letter", letter.id.to_string()),
            ("h:Message-Id", builder.message_id(letter)),
            ("h:Auto-Submitted", AUTO_SUBMITTED.1.to_owned()),
            ("h:Precedence", PRECEDENCE.1.to_owned()),
            ("h:X-Auto-Response-Suppress", SUPPRESS.1.to_owned()),
        ];
        if let Some(reply_to) = &builder.sender.reply_to {
            form.push(("h:Reply-To", reply_to.to_string()));
        }
        Post { path: format!("/v3/{}/messages", self.domain), headers: Vec::new(), body: Body::Form(form) }
    }

    fn sign(&self, request: &mut Request) {
        add_basic(request, &self.login);
    }

    /// Its `id` is the `Message-ID`, in angle brackets here and without them in events. A refusal of the
    /// sender, or of a domain that is not set up yet, is the operator's to put right.
    fn verdict(&self, answer: &Answer) -> Verdict {
        let json = answer.json();
        let message = json["message"].as_str().unwrap_or_default();
        if answer.status == StatusCode::BAD_REQUEST && is_about_sender(message) {
            return Verdict::Operator(MailFault::Sender);
        }
        answer
            .usual(json["id"].as_str().map(|id| id.trim_start_matches('<').trim_end_matches('>').to_owned()))
    }

    fn secrets(&self) -> Secrets {
        Secrets::of_login(&self.login)
    }

    /// <https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/events>: the newest events
    /// of a message. Its id is the `Message-ID`, which is ours.
    fn status_request(&self, asked: &AskedLetter<'_>) -> Option<Get> {
        let id = asked.message_id.unwrap_or(asked.own_message_id);
        let id = id.trim_start_matches('<').trim_end_matches('>');
        let pairs = [("message-id", id), ("ascending", "no"), ("limit", "25")];
        Some(Get::path(&["v3", &self.domain, "events"]).query(&pairs))
    }

    fn status_needs(&self) -> &'static str {
        "Looking letters up needs an account key: a domain sending key may only send."
    }

    /// Its events have the form of the webhook's.
    fn status(&self, asked: &AskedLetter<'_>, answer: &Answer) -> Option<StatusStep> {
        let json = answer.json();
        let items = json["items"].as_array()?;
        let accepted = items.iter().find(|item| text(item, "/event") == Some("accepted")).or(items.last());
        let accepted = accepted.and_then(|item| {
            asked.accepted(text(item, "/message/headers/message-id")?, seconds(item, "/timestamp"))
        });
        let events = items.iter().map(|item| delivery_event(&asked.request(), item)).collect();
        Some(StatusStep::Known(KnownStatus { accepted, events }))
    }
}

/// "from parameter is not a valid address", with quotation marks or without, and "Domain … is not allowed to
/// send: The domain is unverified".
fn is_about_sender(message: &str) -> bool {
    let message = message.to_ascii_lowercase().replace(['\'', '"', '`'], "");
    ["from parameter", "reply-to parameter", "not allowed to send"]
        .iter()
        .any(|words| message.contains(words))
}

/// Codes of addresses that bounced, complained or unsubscribed before, to which Mailgun does not send.
const SUPPRESSED: [u64; 3] = [605, 606, 607];
/// The shortest signing key, in bytes; Mailgun's have 32.
const MIN_KEY: usize = 16;
/// How old a signature may be. Mailgun retries for 8 hours with the signature of the first attempt.
/// <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-retries>
const WINDOW: TimeDelta = TimeDelta::hours(12);

/// The signing key of the account's webhooks.
struct SigningKey(SecretString);

impl SigningKey {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() < MIN_KEY {
            return Err("is no signing key of Mailgun: it has fewer than 16 characters");
        }
        Ok(Self(text.into()))
    }

    /// The token, when the signature is right. The signature does not say where the timestamp ends and the
    /// token begins, but only one place leaves a recent timestamp before it.
    fn verify<'a>(&self, request: &WebhookRequest<'_>, body: &'a Value) -> Option<&'a str> {
        let (timestamp, token) = (text(body, "/signature/timestamp")?, text(body, "/signature/token")?);
        let signature = bytes(text(body, "/signature/signature")?)?;
        let parts = [timestamp.as_bytes(), token.as_bytes()];
        let is_right = request.is_fresh(timestamp, WINDOW)
            && is_hmac(self.0.expose_secret().as_bytes(), &parts, &signature);
        is_right.then_some(token)
    }
}

impl WebhookVerifier for SigningKey {
    /// The signature is in the body.
    fn admits(&self, _: &WebhookRequest<'_>) -> bool {
        true
    }

    fn read(&self, request: &WebhookRequest<'_>) -> Result<Verified, WebhookError> {
        let body = request.json()?;
        let token = self.verify(request, &body).ok_or(WebhookError::Unverified)?;
        let event =
            body.pointer("/event-data").filter(|event| event.is_object()).ok_or(WebhookError::OtherForm)?;
        let token =
            Token { name: event_id(Some(token.to_owned()), event), event: digest(&event.to_string()) };
        Ok(Verified { token: Some(token), ..vec![delivery_event(request, event)].into() })
    }
}

/// Bytes from hexadecimal digits.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = digits.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    digits
        .chunks(2)
        .map(|pair| if let [high, low] = pair { u8::try_from(high * 16 + low).ok() } else { None })
        .collect()
}

fn delivery_event(request: &WebhookRequest<'_>, event: &Value) -> DeliveryEvent {
    let status = match (text(event, "/event").unwrap_or_default(), text(event, "/severity")) {
        ("delivered", _) => Some(DeliveryStatus::Delivered),
        ("failed", Some("temporary")) => Some(DeliveryStatus::Deferred),
        ("failed" | "rejected", _) => Some(DeliveryStatus::Bounced),
        ("complained", _) => Some(DeliveryStatus::Complained),
        _ => None,
    };
    let message = text(event, "/message/headers/message-id");
    // The answer to the sending has angle brackets around it, the event has none.
    let bracketed = message.map(|id| format!("<{id}>"));
    let reasons = ["/delivery-status/message", "/delivery-status/description", "/reject/reason", "/reason"];
    // An id is unique within a day.
    // <https://documentation.mailgun.com/docs/mailgun/user-manual/events/event-structure>
    let id = text(event, "/id")
        .map(|id| event.get("timestamp").map_or_else(|| id.to_owned(), |at| format!("{id}@{at}")));
    DeliveryEvent {
        event_id: event_id(id, event),
        letter: letter(event, "/user-variables/letter").or_else(|| message.and_then(letter_of_message_id)),
        message_ids: message_ids(bracketed.as_deref().into_iter().chain(message)),
        at: request.at(seconds(event, "/timestamp")),
        status,
        fault: fault_of(status, || fault(event)),
        may_be_reply: false,
        reason: reason_of(status, event, &reasons),
        status_code: None,
        no_such_mailbox: has_no_mailbox(event),
    }
}

/// What is at fault where it is not the address.
/// <https://documentation.mailgun.com/docs/mailgun/user-manual/events/event-types#failure-reasons>
fn fault(event: &Value) -> Option<MailFault> {
    let said =
        ["/delivery-status/message", "/delivery-status/description", "/reject/reason", "/reject/description"];
    let said = said.iter().filter_map(|pointer| text(event, pointer)).collect::<Vec<_>>().join(" ");
    let sender_fault = || sender_fault(&said, text(event, "/recipient"));
    let is_suppressed = event
        .pointer("/delivery-status/code")
        .and_then(Value::as_u64)
        .is_some_and(|code| SUPPRESSED.contains(&code));
    match (text(event, "/event").unwrap_or_default(), text(event, "/reason").unwrap_or_default()) {
        ("rejected", _) if is_invalid_recipient(&said) => None,
        // Mailgun itself did not accept it, whatever the address is.
        ("rejected", _) => Some(sender_fault().unwrap_or(MailFault::Policy)),
        (_, reason) if is_suppressed || reason.starts_with("suppress-") => Some(MailFault::Suppressed),
        // The recipient's mail service blocks the sender's domain or address.
        (_, "espblock") => Some(sender_fault().unwrap_or(MailFault::Reputation)),
        (_, reason) => sender_fault().or_else(|| {
            recipient_fault(&said, text(event, "/recipient"), matches!(reason, "old" | "greylisted"))
        }),
    }
}

/// Whether the recipient's parameter is said to hold no address: "'to' parameter is not a valid address".
fn is_invalid_recipient(said: &str) -> bool {
    let said = said.to_lowercase().replace(['\'', '"', '`', '\u{2019}'], "");
    ["to parameter", "recipient address", "recipient is not"].iter().any(|words| said.starts_with(words))
}

/// <https://documentation.mailgun.com/docs/mailgun/user-manual/events/events>: Mailgun gave up on `old`;
/// `suppress-bounce` (605) is on its own list.
fn has_no_mailbox(event: &Value) -> bool {
    let said = ["/delivery-status/message", "/delivery-status/description", "/delivery-status/enhanced-code"];
    let code = event.pointer("/delivery-status/code").and_then(Value::as_i64);
    text(event, "/event") == Some("failed")
        && text(event, "/severity") == Some("permanent")
        && text(event, "/reason").is_none_or(|reason| matches!(reason, "bounce" | "hardfail"))
        && code.is_none_or(|code| matches!(code, 550 | 551 | 553))
        && said.iter().all(|pointer| is_about_address(text(event, pointer)))
}
