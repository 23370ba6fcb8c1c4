//! Sends the requests of providers, and finds what an answer means for the letter.

mod ask;

use std::time::Duration;

use reqwest::{Client, Request, StatusCode, header::CONTENT_TYPE, redirect::Policy};

use super::{
    provider::Server,
    request::{Body, Post},
    response::{Answer, Verdict},
};
use crate::{
    domain::{
        delivery_reports::Provider,
        letter::{Letter, Receipt, SendError},
        mail_fault::MailFault,
        refusal_cause::RefusalCause,
        relay_reply::Reply,
    },
    mail::{
        MessageBuilder,
        fault::{self, Secrets},
    },
};

/// Time limits: for the connection, and for the whole request. The second is generous: a provider that is
/// slow may have accepted a letter whose answer is not awaited, and would get it again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub connect: Duration,
    pub whole: Duration,
}

const LIMITS: Limits = Limits { connect: Duration::from_secs(5), whole: Duration::from_mins(1) };
/// The most bytes of an answer that are read.
const MAX_ANSWER: usize = 64 * 1024;

/// A provider's server and an HTTP client for it.
pub struct Http {
    server: Server,
    client: Client,
    secrets: Secrets,
}

impl Http {
    pub(in crate::mail) fn new(server: &Server) -> Result<Self, String> {
        Self::with_limits(server, LIMITS)
    }

    pub(super) fn with_limits(server: &Server, limits: Limits) -> Result<Self, String> {
        // The client uses the process's default provider of cryptography. An error says that another module
        // has installed it, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(limits.connect)
            .timeout(limits.whole)
            // A letter is sent where the configuration says, not where an answer says.
            .redirect(Policy::none())
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                format!("no HTTP client for {} can be made: {}.", server.describe(), fault::chain(&error))
            })?;
        Ok(Self { server: server.clone(), client, secrets: server.api.secrets() })
    }

    pub(in crate::mail) async fn send(
        &self,
        letter: &Letter,
        builder: &MessageBuilder,
    ) -> Result<Receipt, SendError> {
        let title = self.title();
        let post = self.server.api.request(letter, builder, builder.write(letter)?);
        let answer = self.ask(post).await.map_err(|error| self.unreachable(error, letter))?;
        let line = |text: &str| self.clean(text, letter);
        let later = |text: &str, fault: Option<MailFault>| SendError::Temporary {
            text: line(text),
            wait: answer.wait(letter.now),
            cause: fault.map(RefusalCause::of_fault).unwrap_or_default(),
        };
        Err(match self.verdict(&answer, letter, builder) {
            Verdict::Accepted(message_id) => return Ok(self.receipt(message_id)),
            Verdict::Unproven => later(&answer.unproven(title), None),
            Verdict::Temporary => later(&answer.line(title), None),
            Verdict::Operator(fault) | Verdict::Presumed(fault) => later(&answer.line(title), Some(fault)),
            Verdict::Refused => {
                let cause = cause_in_words(&answer, letter, builder);
                SendError::Permanent { text: line(&answer.line(title)), cause }
            }
            Verdict::Permanent(fault) => {
                let cause = fault.map(RefusalCause::of_fault).unwrap_or_default();
                SendError::Permanent { text: line(&answer.line(title)), cause }
            }
        })
    }

    fn unreachable(&self, error: reqwest::Error, letter: &Letter) -> SendError {
        let said = fault::chain(&error.without_url());
        let text = self.clean(&format!("{} cannot be reached: {said}", self.title()), letter);
        SendError::temporary(text)
    }

    /// The provider's verdict. Where that follows from the status alone, the answer's words may name another
    /// fault.
    fn verdict(&self, answer: &Answer, letter: &Letter, builder: &MessageBuilder) -> Verdict {
        let fault_in_words = || cause_in_words(answer, letter, builder).operator_fault();
        match self.server.api.verdict(answer) {
            Verdict::Presumed(fault) => Verdict::Operator(fault_in_words().unwrap_or(fault)),
            Verdict::Refused => fault_in_words().map_or(Verdict::Refused, Verdict::Operator),
            // One that says "too often" says so in words of limits and quotas.
            Verdict::Temporary
                if answer.status.is_client_error() && answer.status != StatusCode::TOO_MANY_REQUESTS =>
            {
                fault_in_words().map_or(Verdict::Temporary, Verdict::Operator)
            }
            verdict => verdict,
        }
    }

    /// Only a provider with a webhook reports on the letter later, and needs to be remembered.
    fn receipt(&self, message_id: String) -> Receipt {
        let provider = self.server.provider;
        match provider.webhook {
            Some(_) => Receipt { provider: Some(provider.provider.name), message_id: Some(message_id) },
            None => Receipt::default(),
        }
    }

    async fn ask(&self, post: Post) -> Result<Answer, reqwest::Error> {
        let mut request = self.client.post(format!("{}{}", self.server.base, post.path));
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
        self.execute(request.build()?, MAX_ANSWER).await
    }

    /// Sends a request with the account's credentials, and reads `most` bytes of the answer.
    async fn execute(&self, mut request: Request, most: usize) -> Result<Answer, reqwest::Error> {
        // Last, since a signature may cover everything else.
        self.server.api.sign(&mut request);
        let mut response = self.client.execute(request).await?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = Vec::new();
        // The beginning of a body that breaks off may be enough; an endless one is not read.
        while let Ok(Some(piece)) = response.chunk().await {
            body.extend_from_slice(&piece);
            if body.len() > most {
                break;
            }
        }
        body.truncate(most);
        Ok(Answer { status, headers, body })
    }

    pub(in crate::mail) fn provider(&self) -> Provider {
        self.server.provider.provider
    }

    fn title(&self) -> &'static str {
        self.provider().title
    }

    pub(in crate::mail) fn describe(&self) -> String {
        self.server.describe()
    }

    fn clean(&self, text: &str, letter: &Letter) -> String {
        fault::clean(text, letter, &self.secrets)
    }
}

/// The cause of a refusal that an answer's words name. Words that are quoted from the letter do not count.
fn cause_in_words(answer: &Answer, letter: &Letter, builder: &MessageBuilder) -> RefusalCause {
    let (said, wire, sender) = (answer.said(), letter.to.wire(), builder.sender.from.email.to_string());
    let content = letter.chosen_names();
    let recipient: &[&str] = &[letter.to.as_str(), &wire, letter.to.key()];
    let reply =
        Reply { text: &said, sender: &sender, recipient, recipient_accepted: true, content: &content };
    RefusalCause::of_reply(&reply, false)
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe())
    }
}
