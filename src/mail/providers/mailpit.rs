//! Mailpit's API, `POST /api/v1/send`. It makes the message itself, with a `Date` of its own; our other
//! headers it takes as they are.

use lettre::message::Mailbox;
use serde_json::json;

use super::{AUTO_SUBMITTED, Answer, Body, Letter, MessageBuilder, PRECEDENCE, Post, SUPPRESS, Verdict};
use crate::mail::Rendered;

pub(super) fn post(letter: &Letter, builder: &MessageBuilder, words: &Rendered) -> Post {
    let person = |mailbox: &Mailbox| json!({"Name": mailbox.name.as_deref().unwrap_or_default(), "Email": mailbox.email.as_ref() as &str});
    let body = json!({
        "From": person(&builder.sender.from),
        "To": [{"Name": "", "Email": letter.to.wire()}],
        "ReplyTo": builder.sender.reply_to.iter().map(person).collect::<Vec<_>>(),
        "Subject": words.subject,
        "Text": words.text,
        "HTML": words.html,
        "Headers": {"Message-ID": builder.message_id(letter), AUTO_SUBMITTED.0: AUTO_SUBMITTED.1, PRECEDENCE.0: PRECEDENCE.1, SUPPRESS.0: SUPPRESS.1},
    });
    Post { path: "/api/v1/send".to_owned(), headers: Vec::new(), body: Body::Json(body) }
}

/// It names each message that it keeps.
pub(super) fn read(answer: &Answer) -> Verdict {
    answer.usual(answer.json()["ID"].as_str().map(str::to_owned))
}
