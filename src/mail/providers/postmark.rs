//! Postmark's API, `POST /email`. Source: <https://postmarkapp.com/developer/api/email-api> and its list of
//! error codes,
//! <https://postmarkapp.com/developer/api/overview#error-codes>. It knows no idempotency key.

use serde_json::json;

use super::{AUTO_SUBMITTED, Answer, Body, Letter, MessageBuilder, PRECEDENCE, Post, SUPPRESS, Verdict};
use crate::{domain::mail_fault::MailFault, mail::Rendered};

/// "Invalid email request": an address or a field that it does not take.
const INVALID: u64 = 300;
/// The sender is no signature of the account, or one that nobody has confirmed.
const SENDER_UNKNOWN: u64 = 400;
const SENDER_UNCONFIRMED: u64 = 401;
/// "Not allowed to send": nothing is left of what was paid for. An account that is to be approved yet, and
/// one that may not send.
const NO_CREDIT: u64 = 405;
const ACCOUNT_PENDING: u64 = 412;
const ACCOUNT_BARRED: u64 = 413;
/// Faults that the same letter has again: JSON that it cannot read, and a recipient who bounced or complained
/// before.
const FINAL: [u64; 4] = [402, 403, 406, 409];

pub(super) fn post(letter: &Letter, builder: &MessageBuilder, words: &Rendered) -> Post {
    let header = |name: &str, value: &str| json!({"Name": name, "Value": value});
    let mut body = json!({
        "From": builder.sender.from.to_string(),
        "To": letter.to.wire(),
        "Subject": words.subject,
        "TextBody": words.text,
        "HtmlBody": words.html,
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

/// Every refusal for what the letter or the account is comes as 422 and tells which by its `ErrorCode`. Most
/// are about the account: a sender who is not confirmed, nothing left to send. A letter that was taken has
/// `ErrorCode` 0 and a `MessageID`.
pub(super) fn read(answer: &Answer) -> Verdict {
    let json = answer.json();
    match json["ErrorCode"].as_u64() {
        Some(0) => answer.usual(json["MessageID"].as_str().map(str::to_owned)),
        None => answer.usual(None),
        Some(INVALID) if json["Message"].as_str().is_some_and(about_sender) => {
            Verdict::Operator(MailFault::Sender)
        }
        Some(SENDER_UNKNOWN | SENDER_UNCONFIRMED) => Verdict::Operator(MailFault::Sender),
        Some(NO_CREDIT | ACCOUNT_PENDING | ACCOUNT_BARRED) => Verdict::Operator(MailFault::Quota),
        Some(INVALID) => Verdict::Never,
        Some(code) if FINAL.contains(&code) => Verdict::Never,
        Some(_) => match answer.usual(None) {
            presumed @ Verdict::Presumed(_) => presumed,
            _ => Verdict::Later,
        },
    }
}

fn about_sender(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["'from'", "'replyto'", "sender signature"].iter().any(|word| message.contains(word))
}
