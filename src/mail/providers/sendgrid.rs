//! SendGrid's API, `POST /v3/mail/send`. Source:
//! <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send>. It knows no idempotency key.

use lettre::message::Mailbox;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{AUTO_SUBMITTED, Answer, Body, Letter, MessageBuilder, PRECEDENCE, Post, SUPPRESS, Verdict};
use crate::{domain::mail_fault::MailFault, mail::Rendered};

pub(super) fn post(letter: &Letter, builder: &MessageBuilder, words: &Rendered) -> Post {
    let mut body = json!({
        "personalizations": [{"to": [{"email": letter.to.wire()}]}],
        "from": person(&builder.sender.from),
        "subject": words.subject,
        "content": [{"type": "text/plain", "value": words.text}, {"type": "text/html", "value": words.html}],
        "headers": {"Message-ID": builder.message_id(letter), AUTO_SUBMITTED.0: AUTO_SUBMITTED.1, PRECEDENCE.0: PRECEDENCE.1, SUPPRESS.0: SUPPRESS.1},
        "custom_args": {"letter": letter.id.to_string()},
        "tracking_settings": {
            "click_tracking": {"enable": false, "enable_text": false},
            "open_tracking": {"enable": false},
            "subscription_tracking": {"enable": false},
            "ganalytics": {"enable": false},
        },
    });
    if let Some(reply_to) = &builder.sender.reply_to {
        body["reply_to"] = person(reply_to);
    }
    Post { path: "/v3/mail/send".to_owned(), headers: Vec::new(), body: Body::Json(body) }
}

fn person(mailbox: &Mailbox) -> Value {
    let mut person = json!({"email": mailbox.email.as_ref() as &str});
    if let Some(name) = &mailbox.name {
        person["name"] = name.as_str().into();
    }
    person
}

/// A letter that was taken is answered with 202 and its name in a header, of which events have more behind it
/// (`sg_message_id`). A refusal names the member at
/// fault: the sender is the operator's, all others are the letter's.
pub(super) fn read(answer: &Answer) -> Verdict {
    if answer.status == StatusCode::BAD_REQUEST {
        let json = answer.json();
        let fields =
            json["errors"].as_array().into_iter().flatten().filter_map(|error| error["field"].as_str());
        if fields.into_iter().any(|field| field.starts_with("from") || field.starts_with("reply_to")) {
            return Verdict::Operator(MailFault::Sender);
        }
    }
    let taken = answer.status == StatusCode::ACCEPTED;
    answer.usual(answer.header("x-message-id").filter(|_| taken).map(str::to_owned))
}
