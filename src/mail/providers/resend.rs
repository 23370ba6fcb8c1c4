//! Resend: `POST /emails`, <https://resend.com/docs/api-reference/emails/send-email>, with its list of
//! errors,
//! <https://resend.com/docs/api-reference/errors>, and
//! <https://resend.com/docs/dashboard/emails/idempotency-keys>.
//!
//! Tracking is a setting of the whole domain there and off at first. The `Message-ID` is Resend's own.
//!
//! Its webhooks are signed as Svix does it, with HMAC-SHA-256 over id, timestamp and body:
//! <https://resend.com/docs/webhooks/verify-webhooks-requests>,
//! <https://docs.svix.com/receiving/verifying-payloads/how-manual>.

use std::sync::Arc;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::TimeDelta;
use reqwest::Request;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    api::ProviderApi,
    guide::{Guide, WebhookGuide},
    hosted_url::{Hosted, key},
    known_service::{EnvelopeDomain, KnownService},
    provider::{MailProvider, UrlForm, Webhook},
    request::{Body, Get, Post, add_bearer},
    response::{Answer, Verdict},
    status::{AskedLetter, StatusStep},
    webhook::{
        event_id, fault_of, is_about_address, is_hmac, letter, message_ids, reason_of, recipient_fault,
        rfc3339, sender_fault, text,
    },
};
use crate::{
    domain::{
        delivery_reports::{
            DeliveryEvent, DeliveryStatus, Provider, Verified, WebhookError, WebhookRequest, WebhookVerifier,
        },
        ids::LetterId,
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
    provider: Provider { name: "resend", title: "Resend" },
    url: UrlForm::Hosted(Hosted {
        form: "resend://KEY",
        base: "https://api.resend.com",
        regions: &[],
        parameters: &[],
        account: |text, _| Ok(Arc::new(Account { key: key(text)? })),
    }),
    guide: Guide {
        account: "KEY is an API key with Sending access",
        letter_id: "the tag letter; the Message-ID is Resend's",
        tracking: "as the domain is set, off by default: leave it off",
        repeated: "dropped there when it comes within the same minute",
        recheck: Some(
            "GET /emails/{id}: the last event, without a time or a reason. It needs a key with Full \
                access. A letter whose answer was lost is not found",
        ),
    },
    webhook: Some(Webhook {
        variable: "MAIL_EVENTS_RESEND",
        meaning: "the signing secret of Resend's webhook, whsec_… (without it: no such webhook)",
        guide: WebhookGuide {
            setup: "Webhooks: email.delivered, .delivery_delayed, .bounced, .complained, .failed, \
                .suppressed. Signed in svix-id, svix-timestamp and svix-signature; a signature counts \
                for 5 minutes",
            outcomes: "bounces of every type are bounced; email.failed (a quota, a domain, a key) is \
                failed. Automatic replies are reported as bounces of the type Transient or Undetermined",
            over_smtp: "a letter is not recognised: Resend documents nothing that its reports return of \
                it. Use resend://",
        },
        verifier: |text| Ok(Arc::new(SigningSecret::parse(text)?)),
    }),
    // <https://resend.com/docs/knowledge-base/route53>
    service: Some(KnownService {
        title: "Resend",
        is_relay: |host| host.ends_with(".resend.com"),
        envelope: EnvelopeDomain::Subdomain("send"),
        include: Some("amazonses.com"),
        selectors: &["resend"],
        setup: "verify the domain in Resend: a DKIM record, and MX and SPF of the subdomain send",
    }),
    // Nothing is documented by which a letter is known again that came by SMTP.
    smtp_server: None,
};

/// A key that may send.
struct Account {
    key: SecretString,
}

impl ProviderApi for Account {
    fn request(&self, letter: &Letter, builder: &MessageBuilder, content: Rendered) -> Post {
        let mut body = json!({
            "from": builder.sender.from.to_string(),
            "to": [letter.to.wire()],
            "subject": content.subject,
            "text": content.text,
            "html": content.html,
            "headers": {
                AUTO_SUBMITTED.0: AUTO_SUBMITTED.1, PRECEDENCE.0: PRECEDENCE.1, SUPPRESS.0: SUPPRESS.1
            },
            "tags": [{"name": "letter", "value": letter.id.to_string()}],
        });
        if let Some(reply_to) = &builder.sender.reply_to {
            body["reply_to"] = reply_to.to_string().into();
        }
        // Resend refuses a key that is used again with another body, and the body says when the link expires,
        // which differs between attempts. Attempts within one minute have the same body and so send one
        // letter.
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(body.to_string().as_bytes()));
        let headers = vec![("Idempotency-Key", format!("{}/{digest}", letter.id))];
        Post { path: "/emails".to_owned(), headers, body: Body::Json(body) }
    }

    fn sign(&self, request: &mut Request) {
        add_bearer(request, &self.key);
    }

    /// A refusal of the sender, by its name or its words, is the operator's to put right. 451 is a check of
    /// Resend's own, which may pass later.
    fn verdict(&self, answer: &Answer) -> Verdict {
        let json = answer.json();
        let (name, message) =
            (json["name"].as_str().unwrap_or_default(), json["message"].as_str().unwrap_or_default());
        match name {
            "daily_quota_exceeded" | "monthly_quota_exceeded" => return Verdict::Operator(MailFault::Quota),
            "missing_api_key" | "restricted_api_key" | "invalid_api_key" | "invalid_access" => {
                return Verdict::Operator(MailFault::Authentication);
            }
            _ if name == "invalid_from_address" || message.contains("`from`") => {
                return Verdict::Operator(MailFault::Sender);
            }
            _ if answer.status.as_u16() == 451 => return Verdict::Operator(MailFault::Policy),
            _ => {}
        }
        answer.usual(json["id"].as_str().map(str::to_owned))
    }

    fn secrets(&self) -> Secrets {
        Secrets::of(&self.key)
    }

    /// <https://resend.com/docs/api-reference/emails/retrieve-email>. A key with sending access alone is
    /// refused. Letters cannot be found by their tags.
    fn status_request(&self, asked: &AskedLetter<'_>) -> Option<Get> {
        asked.message_id.map(|id| Get::path(&["emails", id]))
    }

    fn status_needs(&self) -> &'static str {
        "Looking letters up needs a key with full access."
    }

    /// It names the last event, without its time or a reason. An opened letter was delivered before.
    fn status(&self, asked: &AskedLetter<'_>, answer: &Answer) -> Option<StatusStep> {
        let json = answer.json();
        let (id, last) = (text(&json, "/id")?, text(&json, "/last_event")?);
        let last = if matches!(last, "opened" | "clicked") { "delivered" } else { last };
        let event = json!({"type": format!("email.{last}"), "data": {"email_id": id}});
        let events = vec![delivery_event(&asked.request(), &format!("{id}:{last}"), &event)];
        Some(StatusStep::Known(KnownStatus {
            accepted: asked.accepted(id, rfc3339(&json, "/created_at")),
            events,
        }))
    }
}

/// How old a signature may be. Svix signs each attempt anew.
const WINDOW: TimeDelta = TimeDelta::minutes(5);
/// The length of an HMAC-SHA-256, in bytes.
const SIGNATURE_LEN: usize = 32;
/// The shortest signing secret, in bytes.
const MIN_SECRET: usize = 16;

/// The signing secret of the webhook.
struct SigningSecret(Vec<u8>);

impl SigningSecret {
    /// `whsec_` and base 64.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let secret = text.strip_prefix("whsec_").and_then(|secret| STANDARD.decode(secret).ok());
        secret
            .filter(|secret| secret.len() >= MIN_SECRET)
            .map(Self)
            .ok_or("is no signing secret of Resend, as whsec_…")
    }

    /// The event's id, when one of the signatures is right. While a secret is being replaced there are two.
    fn verify<'a>(&self, request: &WebhookRequest<'a>) -> Option<&'a str> {
        let (id, timestamp, signatures) = signatures(request)?;
        let parts: [&[u8]; 5] = [id.as_bytes(), b".", timestamp.as_bytes(), b".", request.body];
        signatures.iter().any(|signature| is_hmac(&self.0, &parts, signature)).then_some(id)
    }
}

impl WebhookVerifier for SigningSecret {
    fn admits(&self, request: &WebhookRequest<'_>) -> bool {
        signatures(request)
            .is_some_and(|(.., signatures)| signatures.iter().any(|one| one.len() == SIGNATURE_LEN))
    }

    fn read(&self, request: &WebhookRequest<'_>) -> Result<Verified, WebhookError> {
        let id = self.verify(request).ok_or(WebhookError::Unverified)?;
        let event = request.json()?;
        if !event.is_object() {
            return Err(WebhookError::OtherForm);
        }
        Ok(vec![delivery_event(request, id, &event)].into())
    }
}

/// Id, timestamp and signatures of a request, where the timestamp is recent.
fn signatures<'a>(request: &WebhookRequest<'a>) -> Option<(&'a str, &'a str, Vec<Vec<u8>>)> {
    let header = |name| (request.header)(name);
    let (id, timestamp) = (header("svix-id")?, header("svix-timestamp")?);
    let signatures =
        header("svix-signature")?.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    request.is_fresh(timestamp, WINDOW).then(|| (id, timestamp, signatures.collect()))
}

fn delivery_event(request: &WebhookRequest<'_>, id: &str, event: &Value) -> DeliveryEvent {
    let status = match text(event, "/type").unwrap_or_default() {
        "email.delivered" => Some(DeliveryStatus::Delivered),
        // It tries again. After a bounce, of whatever type, it does not.
        "email.delivery_delayed" => Some(DeliveryStatus::Deferred),
        "email.bounced" | "email.failed" | "email.suppressed" => Some(DeliveryStatus::Bounced),
        "email.complained" => Some(DeliveryStatus::Complained),
        _ => None,
    };
    let reasons =
        ["/data/bounce/message", "/data/failed/reason", "/data/suppressed/message", "/data/bounce/subType"];
    DeliveryEvent {
        event_id: event_id(Some(id.to_owned()), event),
        letter: letter(event, "/data/tags/letter").or_else(|| tagged_letter(event)),
        message_ids: message_ids(text(event, "/data/email_id")),
        at: request.at(rfc3339(event, "/created_at")),
        status,
        fault: fault_of(status, || fault(event)),
        may_be_reply: status == Some(DeliveryStatus::Bounced) && may_be_reply(event),
        reason: reason_of(status, event, &reasons),
        status_code: None,
        no_such_mailbox: has_no_mailbox(event),
    }
}

/// What is at fault where it is not the address.
fn fault(event: &Value) -> Option<MailFault> {
    match text(event, "/type").unwrap_or_default() {
        "email.failed" => failure(text(event, "/data/failed/reason").unwrap_or_default()),
        "email.suppressed" => Some(MailFault::Suppressed),
        _ => match text(event, "/data/bounce/subType").unwrap_or_default() {
            "Suppressed" | "OnAccountSuppressionList" => Some(MailFault::Suppressed),
            "ContentRejected" | "AttachmentRejected" | "MessageTooLarge" => Some(MailFault::Blocked),
            sub_type => {
                let (said, recipient) = (said(event), text(event, "/data/to/0"));
                let gave_up =
                    sub_type == "MailboxFull" || text(event, "/data/bounce/type") == Some("Transient");
                sender_fault(&said, recipient).or_else(|| recipient_fault(&said, recipient, gave_up))
            }
        },
    }
}

/// A failed letter was never sent, because of a quota, a domain that is not verified, or a key.
/// <https://resend.com/docs/webhooks/emails/failed>
fn failure(reason: &str) -> Option<MailFault> {
    let reason = reason.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    match () {
        () if has(&["invalid_recipient", "invalid_to", "recipient_not"]) => None,
        () if has(&["quota", "limit", "suspended", "plan"]) => Some(MailFault::Quota),
        () if has(&["domain", "from", "sender"]) => Some(MailFault::Sender),
        () if has(&["api_key", "unauthorized", "permission"]) => Some(MailFault::Authentication),
        () => Some(sender_fault(&reason.replace('_', " "), None).unwrap_or(MailFault::Provider)),
    }
}

/// What the recipient's server said, as far as the event has it.
fn said(event: &Value) -> String {
    let codes = event.pointer("/data/bounce/diagnosticCode").and_then(Value::as_array);
    let codes = codes.into_iter().flatten().filter_map(Value::as_str);
    codes.chain(text(event, "/data/bounce/message")).collect::<Vec<_>>().join(" ")
}

/// Automatic replies are reported as bounces of these types, for no reason that only a bounce has.
/// <https://resend.com/docs/dashboard/emails/email-bounces>,
/// <https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types>
fn may_be_reply(event: &Value) -> bool {
    let certain = ["MailboxFull", "MessageTooLarge", "ContentRejected", "AttachmentRejected"];
    matches!(text(event, "/data/bounce/type"), Some("Transient" | "Undetermined"))
        && !text(event, "/data/bounce/subType").is_some_and(|sub_type| certain.contains(&sub_type))
}

/// The letter, where tags are a list of names and values: Resend has sent both forms.
fn tagged_letter(event: &Value) -> Option<LetterId> {
    let tags = event.pointer("/data/tags")?.as_array()?;
    tags.iter().find(|tag| text(tag, "/name") == Some("letter")).and_then(|tag| letter(tag, "/value"))
}

/// <https://resend.com/docs/dashboard/emails/email-bounces>: the types are those of Amazon SES. Suppressed
/// addresses are on Resend's own list, or on Amazon's.
fn has_no_mailbox(event: &Value) -> bool {
    text(event, "/type") == Some("email.bounced")
        && text(event, "/data/bounce/type") == Some("Permanent")
        && !matches!(
            text(event, "/data/bounce/subType"),
            Some("Suppressed" | "OnAccountSuppressionList" | "UnsubscribedRecipient")
        )
        && is_about_address(text(event, "/data/bounce/message"))
        && is_about_address(Some(&said(event)))
}
