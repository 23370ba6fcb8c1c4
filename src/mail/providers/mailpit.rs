//! Mailpit: `POST /api/v1/send`. It makes the message itself, with a `Date` of its own, and keeps our other
//! headers. It shows letters and delivers none.

use std::sync::Arc;

use lettre::message::Mailbox;
use reqwest::Request;
use serde_json::json;

use super::{
    api::ProviderApi,
    guide::Guide,
    provider::{MailProvider, UrlForm},
    request::{Body, Post, add_basic},
    response::{Answer, Verdict},
};
use crate::{
    domain::{delivery_reports::Provider, letter::Letter},
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
    provider: Provider { name: "mailpit", title: "Mailpit" },
    url: UrlForm::TestServer { form: "mailpit+http://HOST:8025", api: |login| Arc::new(Account { login }) },
    guide: Guide {
        account: "HOST is that of a server for trials, which shows letters and delivers none; \
            USER:PASSWORD@ before it, where it asks for them",
        letter_id: "our Message-ID",
        tracking: "there is none",
        repeated: "it is shown twice",
        recheck: None,
    },
    webhook: None,
    service: None,
    smtp_server: None,
};

/// The user that Mailpit asks for, where it asks.
struct Account {
    login: Option<Login>,
}

impl ProviderApi for Account {
    fn request(&self, letter: &Letter, builder: &MessageBuilder, content: Rendered) -> Post {
        let person = |mailbox: &Mailbox| {
            json!({
                "Name": mailbox.name.as_deref().unwrap_or_default(), "Email": mailbox.email.as_ref() as &str
            })
        };
        let body = json!({
            "From": person(&builder.sender.from),
            "To": [{"Name": "", "Email": letter.to.wire()}],
            "ReplyTo": builder.sender.reply_to.iter().map(person).collect::<Vec<_>>(),
            "Subject": content.subject,
            "Text": content.text,
            "HTML": content.html,
            "Headers": {
                "Message-ID": builder.message_id(letter),
                AUTO_SUBMITTED.0: AUTO_SUBMITTED.1,
                PRECEDENCE.0: PRECEDENCE.1,
                SUPPRESS.0: SUPPRESS.1,
            },
        });
        Post { path: "/api/v1/send".to_owned(), headers: Vec::new(), body: Body::Json(body) }
    }

    fn sign(&self, request: &mut Request) {
        if let Some(login) = &self.login {
            add_basic(request, login);
        }
    }

    /// It returns an id for each message that it keeps.
    fn verdict(&self, answer: &Answer) -> Verdict {
        answer.usual(answer.json()["ID"].as_str().map(str::to_owned))
    }

    fn secrets(&self) -> Secrets {
        self.login.as_ref().map(Secrets::of_login).unwrap_or_default()
    }
}
