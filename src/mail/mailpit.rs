//! Letters over HTTP to Mailpit, which shows instead of delivering them.
//!
//! Source: Mailpit's API, `POST /api/v1/send`. It makes the message itself, with a `Date` of its own; our other headers it
//! takes as they are.

use std::time::Duration;

use reqwest::{Client, StatusCode, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{
    fault,
    message::{AUTO_SUBMITTED, Desk, SUPPRESS},
    url::{Login, Server},
};
use crate::domain::letter::{Letter, SendError};

/// How long to wait for a connection, and for everything.
#[derive(Debug, Clone, Copy)]
struct Limits {
    connect: Duration,
    whole: Duration,
}

const LIMITS: Limits = Limits { connect: Duration::from_secs(5), whole: Duration::from_secs(15) };

/// Mailpit, and a client for it.
pub struct Mailpit {
    server: Server,
    client: Client,
}

impl Mailpit {
    pub(super) fn new(server: &Server) -> Result<Self, String> {
        Self::with_limits(server, LIMITS)
    }

    fn with_limits(server: &Server, limits: Limits) -> Result<Self, String> {
        // The client looks for the process's provider of cryptography. That another part has installed one is just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(limits.connect)
            .timeout(limits.whole)
            // A letter goes where the configuration says, and not where an answer says.
            .redirect(Policy::none())
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("no HTTP client for {} can be made: {}.", server.describe(), fault::chain(&error)))?;
        Ok(Self { server: server.clone(), client })
    }

    pub(super) async fn send(&self, letter: &Letter, desk: &Desk) -> Result<(), SendError> {
        let body = body(letter, desk)?;
        let mut request = self.client.post(format!("{}/api/v1/send", self.server.base)).json(&body);
        if let Some(Login { user, password }) = &self.server.login {
            request = request.basic_auth(user, Some(password.expose_secret()));
        }
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(mut response) => {
                let status = response.status();
                // The first piece is enough for a line, and an endless answer is not read.
                let reply = response.chunk().await.ok().flatten().unwrap_or_default();
                Err(refusal(
                    status,
                    self.clean(&format!("Mailpit answered {}: {}", status.as_u16(), String::from_utf8_lossy(&reply)), letter),
                ))
            }
            Err(error) => {
                let error = error.without_url();
                Err(SendError::Later(self.clean(&format!("Mailpit cannot be reached: {}", fault::chain(&error)), letter)))
            }
        }
    }

    pub(super) fn describe(&self) -> String {
        self.server.describe()
    }

    fn clean(&self, text: &str, letter: &Letter) -> String {
        let password: Option<&SecretString> = self.server.login.as_ref().map(|login| &login.password);
        fault::clean(text, letter, password)
    }
}

impl std::fmt::Debug for Mailpit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe())
    }
}

/// Whether another attempt may do better. A redirect, 401, 403 and 404 say that `MAIL_URL` is wrong, and nothing of the
/// letter: once somebody has put it right, the letter goes out.
fn refusal(status: StatusCode, text: String) -> SendError {
    match status {
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND
        | StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS => SendError::Later(text),
        status if status.is_client_error() => SendError::Never(text),
        _ => SendError::Later(text),
    }
}

fn body(letter: &Letter, desk: &Desk) -> Result<Value, SendError> {
    let words = desk.write(letter)?;
    let person = |mailbox: &lettre::message::Mailbox| json!({"Name": mailbox.name.as_deref().unwrap_or_default(), "Email": mailbox.email.as_ref() as &str});
    Ok(json!({
        "From": person(&desk.sender.from),
        "To": [{"Name": "", "Email": letter.to.wire()}],
        "ReplyTo": desk.sender.reply_to.iter().map(person).collect::<Vec<_>>(),
        "Subject": words.subject,
        "Text": words.text,
        "HTML": words.html,
        "Headers": {"Message-ID": desk.message_id(letter), AUTO_SUBMITTED.0: AUTO_SUBMITTED.1, SUPPRESS.0: SUPPRESS.1},
    }))
}

#[cfg(test)]
mod tests;
