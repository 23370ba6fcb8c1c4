//! Resend's API, `POST /emails`. Source: <https://resend.com/docs/api-reference/emails/send-email>, its list
//! of errors,
//! <https://resend.com/docs/api-reference/errors>, and <https://resend.com/docs/dashboard/emails/idempotency-keys>.
//!
//! Tracking is switched off for a whole domain there, which is how domains begin. The `Message-ID` is
//! Resend's own.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{AUTO_SUBMITTED, Answer, Body, Letter, MessageBuilder, PRECEDENCE, Post, SUPPRESS, Verdict};
use crate::{domain::mail_fault::MailFault, mail::Rendered};

pub(super) fn post(letter: &Letter, builder: &MessageBuilder, words: &Rendered) -> Post {
    let mut body = json!({
        "from": builder.sender.from.to_string(),
        "to": [letter.to.wire()],
        "subject": words.subject,
        "text": words.text,
        "html": words.html,
        "headers": {AUTO_SUBMITTED.0: AUTO_SUBMITTED.1, PRECEDENCE.0: PRECEDENCE.1, SUPPRESS.0: SUPPRESS.1},
        "tags": [{"name": "letter", "value": letter.id.to_string()}],
    });
    if let Some(reply_to) = &builder.sender.reply_to {
        body["reply_to"] = reply_to.to_string().into();
    }
    // Resend refuses a key that comes again with other words, and the words tell when the link dies, which
    // moves from one attempt to a later one. Whoever retries within the same minute says the same, and that
    // letter is sent once.
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(body.to_string().as_bytes()));
    let headers = vec![("Idempotency-Key", format!("{}/{digest}", letter.id))];
    Post { path: "/emails".to_owned(), headers, body: Body::Json(body) }
}

/// A refusal of the sender, by its name or its words, is the operator's to put right. 451 is Resend's own
/// doubt about a request, which may pass.
pub(super) fn read(answer: &Answer) -> Verdict {
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
