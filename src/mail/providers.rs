//! Letters over HTTP: to Postmark, SendGrid, Mailgun and Resend, and to Mailpit, which shows instead of
//! delivering them.
//!
//! Each service is a file with two pure functions: what it is asked ([`Post`]), and what its answer means
//! ([`Verdict`]). How both travel is here. Nobody tracks who opens or presses anything: where a service has a
//! switch for that, it is off.

mod mailgun;
mod mailpit;
mod postmark;
mod resend;
mod response;
mod sendgrid;

use std::time::Duration;

use reqwest::{
    Client, RequestBuilder,
    header::{CONTENT_TYPE, HeaderValue},
    redirect::Policy,
};
use secrecy::ExposeSecret;
use serde_json::Value;

use self::response::{Answer, Verdict};
use super::{
    fault::{self, Secrets},
    message::{AUTO_SUBMITTED, MessageBuilder, PRECEDENCE, SUPPRESS},
    url::{Login, Server, Service},
};
use crate::domain::{
    letter::{Letter, Receipt, SendError},
    mail_fault::MailFault,
    relay_reply::{About, Reply},
};

/// How long to wait for a connection, and for everything. A service that takes letters slowly has taken the
/// one whose answer is not waited for, and would get it again.
#[derive(Debug, Clone, Copy)]
struct Limits {
    connect: Duration,
    whole: Duration,
}

const LIMITS: Limits = Limits { connect: Duration::from_secs(5), whole: Duration::from_mins(1) };
/// Whom Mailgun's keys belong to.
const MAILGUN_USER: &str = "api";
/// As much of an answer as is read.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What a service is asked: a POST.
#[derive(Debug, PartialEq)]
struct Post {
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Body,
}

#[derive(Debug, PartialEq)]
enum Body {
    Json(Value),
    Form(Vec<(&'static str, String)>),
}

/// A service, and a client for it.
pub struct Http {
    server: Server,
    client: Client,
    secrets: Secrets,
}

impl Http {
    pub(super) fn new(server: &Server) -> Result<Self, String> {
        Self::with_limits(server, LIMITS)
    }

    fn with_limits(server: &Server, limits: Limits) -> Result<Self, String> {
        // The client looks for the process's provider of cryptography. That another part has installed one is
        // just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(limits.connect)
            .timeout(limits.whole)
            // A letter goes where the configuration says, and not where an answer says.
            .redirect(Policy::none())
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                format!("no HTTP client for {} can be made: {}.", server.describe(), fault::chain(&error))
            })?;
        Ok(Self { server: server.clone(), client, secrets: server.service.secrets() })
    }

    pub(super) async fn send(&self, letter: &Letter, builder: &MessageBuilder) -> Result<Receipt, SendError> {
        let service = &self.server.service;
        let answer = match self.ask(service.post(letter, builder)?).await {
            Ok(answer) => answer,
            Err(error) => {
                let said = fault::chain(&error.without_url());
                let text = self.clean(&format!("{} cannot be reached: {said}", service.name()), letter);
                return Err(SendError::later(text));
            }
        };
        let line = |answer: &Answer| self.clean(&answer.line(service.name()), letter);
        let words = || about(&answer, letter, builder);
        let verdict = match service.read(&answer) {
            Verdict::Presumed(fault) => Verdict::Operator(words().unwrap_or(fault)),
            Verdict::Refused => words().map_or(Verdict::Never, Verdict::Operator),
            Verdict::Later if answer.status.is_client_error() => {
                words().map_or(Verdict::Later, Verdict::Operator)
            }
            verdict => verdict,
        };
        match verdict {
            Verdict::Taken(message_id) => {
                let provider = service.provider();
                Ok(Receipt { provider, message_id: provider.and(Some(message_id)) })
            }
            Verdict::Unproven => {
                let text = self.clean(&answer.unproven(service.name()), letter);
                Err(SendError::Later { text, wait: answer.wait(letter.now), fault: None })
            }
            Verdict::Later => {
                Err(SendError::Later { text: line(&answer), wait: answer.wait(letter.now), fault: None })
            }
            Verdict::Operator(fault) | Verdict::Presumed(fault) => Err(SendError::Later {
                text: line(&answer),
                wait: answer.wait(letter.now),
                fault: Some(fault),
            }),
            Verdict::Refused | Verdict::Never => Err(SendError::Never(line(&answer))),
        }
    }

    async fn ask(&self, post: Post) -> Result<Answer, reqwest::Error> {
        let mut request = self.sign(self.client.post(format!("{}{}", self.server.base, post.path)));
        for (name, value) in post.headers {
            request = request.header(name, value);
        }
        request = match post.body {
            Body::Json(json) => request.json(&json),
            Body::Form(fields) => {
                let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
            }
        };
        let mut response = request.send().await?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = Vec::new();
        // What came of a body that breaks off may be enough; an endless one is not read.
        while let Ok(Some(piece)) = response.chunk().await {
            body.extend_from_slice(&piece);
            if body.len() > LONGEST_ANSWER {
                break;
            }
        }
        Ok(Answer { status, headers, body })
    }

    fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.server.service {
            Service::Mailpit(None) => request,
            Service::Mailpit(Some(Login { user, password })) => {
                request.basic_auth(user, Some(password.expose_secret()))
            }
            Service::Mailgun { key, .. } => request.basic_auth(MAILGUN_USER, Some(key.expose_secret())),
            Service::SendGrid(key) | Service::Resend(key) => request.bearer_auth(key.expose_secret()),
            Service::Postmark(token) => match HeaderValue::from_str(token.expose_secret()) {
                Ok(mut value) => {
                    value.set_sensitive(true);
                    request.header("X-Postmark-Server-Token", value)
                }
                // Cannot be: the address has been read, and takes visible ASCII alone. Unsigned, it is
                // refused with 401.
                Err(_) => request,
            },
        }
    }

    pub(super) fn describe(&self) -> String {
        self.server.describe()
    }

    fn clean(&self, text: &str, letter: &Letter) -> String {
        fault::clean(text, letter, &self.secrets)
    }
}

/// What the words of an answer say of whoever sends. What they repeat of the letter says nothing.
fn about(answer: &Answer, letter: &Letter, builder: &MessageBuilder) -> Option<MailFault> {
    let (said, wire, sender) = (answer.said(), letter.to.wire(), builder.sender.from.email.to_string());
    let mut content = vec![letter.inviter.as_str(), &letter.organisation];
    content.extend(
        letter
            .account
            .iter()
            .flat_map(|account| [&account.name, &account.parent_name])
            .flatten()
            .map(String::as_str),
    );
    let recipient: &[&str] = &[letter.to.as_str(), &wire, letter.to.key()];
    match (Reply { text: &said, sender: &sender, recipient, recipient_accepted: true, content: &content })
        .about()
    {
        About::Us(fault) => Some(fault),
        About::Recipient | About::Unknown => None,
    }
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe())
    }
}

impl Service {
    /// What is asked of the service to send the letter.
    fn post(&self, letter: &Letter, builder: &MessageBuilder) -> Result<Post, SendError> {
        let words = builder.write(letter)?;
        Ok(match self {
            Self::Mailpit(_) => mailpit::post(letter, builder, &words),
            Self::Postmark(_) => postmark::post(letter, builder, &words),
            Self::SendGrid(_) => sendgrid::post(letter, builder, &words),
            Self::Mailgun { domain, .. } => mailgun::post(domain, letter, builder, words),
            Self::Resend(_) => resend::post(letter, builder, &words),
        })
    }

    /// What the service's answer means.
    fn read(&self, answer: &Answer) -> Verdict {
        match self {
            Self::Mailpit(_) => mailpit::read(answer),
            Self::Postmark(_) => postmark::read(answer),
            Self::SendGrid(_) => sendgrid::read(answer),
            Self::Mailgun { .. } => mailgun::read(answer),
            Self::Resend(_) => resend::read(answer),
        }
    }

    /// What [`Receipt::provider`] says. Mailpit tells nothing of a letter afterwards.
    fn provider(&self) -> Option<&'static str> {
        match self {
            Self::Mailpit(_) => None,
            Self::Postmark(_) => Some("postmark"),
            Self::SendGrid(_) => Some("sendgrid"),
            Self::Mailgun { .. } => Some("mailgun"),
            Self::Resend(_) => Some("resend"),
        }
    }

    fn secrets(&self) -> Secrets {
        match self {
            Self::Mailpit(login) => login.as_ref().map(Secrets::of_login).unwrap_or_default(),
            Self::Mailgun { key, .. } => {
                Secrets::of_login(&Login { user: MAILGUN_USER.to_owned(), password: key.clone() })
            }
            Self::Postmark(key) | Self::SendGrid(key) | Self::Resend(key) => Secrets::of(key),
        }
    }
}

#[cfg(test)]
mod tests;
