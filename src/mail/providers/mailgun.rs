//! Mailgun's API, `POST /v3/{domain}/messages`. Source:
//! <https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages>. It knows no idempotency key.

use reqwest::StatusCode;

use super::{AUTO_SUBMITTED, Answer, Body, Letter, MessageBuilder, PRECEDENCE, Post, SUPPRESS, Verdict};
use crate::{domain::mail_fault::MailFault, mail::Rendered};

pub(super) fn post(domain: &str, letter: &Letter, builder: &MessageBuilder, words: Rendered) -> Post {
    let mut form = vec![
        ("from", builder.sender.from.to_string()),
        ("to", letter.to.wire()),
        ("subject", words.subject),
        ("text", words.text),
        ("html", words.html),
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
    Post { path: format!("/v3/{domain}/messages"), headers: Vec::new(), body: Body::Form(form) }
}

/// Its `id` is the `Message-ID`, in angle brackets here and without them in events. A refusal of the sender,
/// or of a domain that is not set up yet, is the operator's to put right.
pub(super) fn read(answer: &Answer) -> Verdict {
    let json = answer.json();
    let message = json["message"].as_str().unwrap_or_default();
    if answer.status == StatusCode::BAD_REQUEST && about_us(message) {
        return Verdict::Operator(MailFault::Sender);
    }
    answer.usual(json["id"].as_str().map(|id| id.trim_start_matches('<').trim_end_matches('>').to_owned()))
}

/// "from parameter is not a valid address", with quotation marks or without, and "Domain … is not allowed to
/// send: The domain is unverified".
fn about_us(message: &str) -> bool {
    let message = message.to_ascii_lowercase().replace(['\'', '"', '`'], "");
    ["from parameter", "reply-to parameter", "not allowed to send"]
        .iter()
        .any(|words| message.contains(words))
}
