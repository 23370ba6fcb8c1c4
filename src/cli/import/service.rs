//! The service as this command sees it: asked over HTTP, as partners ask it, and asked again when it does not
//! answer.

use std::{cell::Cell, time::Duration};

use backon::{ExponentialBuilder, Retryable};
use reqwest::{Client, Method, RequestBuilder, StatusCode, header, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::{
    fault::clean,
    stop::{Reason, Stop},
    terminal::Screen,
};
use crate::mail::chain;

/// How long to wait for a connection, and for an answer. A batch of a thousand takes its time.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_mins(1);
/// The first wait before a request is repeated, and the longest; each is up to twice as long, by chance.
const WAITS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// A running service, and the right to ask it.
pub(super) struct Service {
    client: Client,
    /// Without a slash at its end.
    url: String,
    token: SecretString,
    /// How long a request is repeated.
    patience: Duration,
    stop: Stop,
    screen: Screen,
    /// Whether it has been said that requests are repeated.
    told: Cell<bool>,
}

/// An answer that is worth more than another attempt.
pub(super) struct Answer {
    pub status: u16,
    /// Whether it was given to an earlier request with the same key.
    pub replayed: bool,
    /// The body; null when it is no JSON.
    pub body: Value,
}

/// Why there is no such answer.
#[derive(Debug, Clone)]
struct RequestError {
    words: String,
    /// How long the service asks us to wait.
    wait: Option<Duration>,
}

/// Why the service cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    /// There is no HTTP client.
    #[error("no HTTP client can be made: {0}")]
    Client(String),
    /// Nothing is there.
    #[error(
        "no service answers at {url}: {words}\n  \
         Start it with `invitation-service serve`, or say where it is with --url or PUBLIC_URL. Nothing was sent."
    )]
    Away { url: String, words: String },
    /// The token is refused.
    #[error("the service at {0} does not take the access token. {1} Nothing was sent.")]
    Token(String, &'static str),
    /// Something else is there.
    #[error("what answers at {0} is no invitation-service: {1}. Nothing was sent.")]
    Other(String, String),
}

impl Service {
    pub(super) fn new(
        url: &str,
        token: SecretString,
        patience: Duration,
        stop: Stop,
        screen: Screen,
    ) -> Result<Self, Unusable> {
        // The client looks for the process's provider of cryptography. That another part has installed one is
        // just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            // The token is for the service that was named, and for no other that it points to.
            .redirect(Policy::none())
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Unusable::Client(chain(&error)))?;
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { client, url, token, patience, stop, screen, told: Cell::new(false) })
    }

    /// Asks once for something that any token may see. `own` says whether the token was made here.
    ///
    /// # Errors
    /// [`Unusable`] says what to do.
    pub(super) async fn look(&self, own: bool) -> Result<(), Unusable> {
        let url = || self.url.clone();
        let answer = self.ask(self.request(Method::GET, "/v1/roles")).await;
        let Answer { status, body, .. } =
            answer.map_err(|RequestError { words, .. }| Unusable::Away { url: url(), words })?;
        match status {
            200 if body["data"].is_array() => Ok(()),
            401 if own => Err(Unusable::Token(
                url(),
                "It was made with the key that this command finds: give it the SECRET_KEY, JWT_ISSUER and JWT_AUDIENCE of the \
                 service, or run it in the service's folder; and see that both clocks are right.",
            )),
            401 => Err(Unusable::Token(url(), "It is damaged, has ended, or was made by another service.")),
            _ => {
                Err(Unusable::Other(url(), format!("GET /v1/roles is answered {}", in_words(status, &body))))
            }
        }
    }

    /// Looks something up. None as with [`Self::post`].
    pub(super) async fn get(&self, path: &str) -> Option<Answer> {
        self.settle(|| self.request(Method::GET, path)).await
    }

    /// Posts. None when the import ends meanwhile; the reason is known to `stop` then.
    pub(super) async fn post(&self, path: &str, key: Option<&str>, body: &str) -> Option<Answer> {
        let request = || {
            let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/json");
            let request = key
                .iter()
                .fold(request, |request, key| request.header("idempotency-key", format!("\"{key}\"")));
            request.body(body.to_owned())
        };
        self.settle(request).await
    }

    /// Asks, and asks again while nothing comes back that would settle it.
    async fn settle(&self, request: impl Fn() -> RequestBuilder) -> Option<Answer> {
        let (begun, stop) = (Instant::now(), self.stop.clone());
        let attempt = || self.ask(request());
        let waits = ExponentialBuilder::new()
            .with_min_delay(WAITS.0)
            .with_max_delay(WAITS.1)
            .with_jitter()
            .without_max_times();
        let outcome = attempt
            .retry(waits)
            .when(|_| self.stop.reason().is_none())
            .adjust(|trouble, wait| {
                let wait = wait.max(trouble.wait)?;
                (begun.elapsed().saturating_add(wait) <= self.patience).then_some(wait)
            })
            .notify(|trouble, _| self.tell(trouble))
            // Whoever is told to end gives it one last chance, at once.
            .sleep(move |wait| {
                let told = stop.clone().told();
                async move { drop(timeout(wait, told).await) }
            })
            .await;
        match outcome {
            Ok(answer) if answer.status == 401 || is_forbidden(&answer) => {
                self.stop.because(Reason::Denied(in_words(answer.status, &answer.body)));
                None
            }
            Ok(answer) => Some(answer),
            Err(trouble) => {
                self.stop.because(Reason::Unanswered(trouble.words));
                None
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(self.token.expose_secret())
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Answer, RequestError> {
        let lost = |error: reqwest::Error| RequestError { words: chain(&error.without_url()), wait: None };
        let response = request.send().await.map_err(lost)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (wait, replayed) =
            (header("retry-after").and_then(seconds), header("idempotency-replayed") == Some("true"));
        let text = response.text().await.map_err(lost)?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        if is_passing(status, &body) {
            return Err(RequestError { words: in_words(status.as_u16(), &body), wait });
        }
        Ok(Answer { status: status.as_u16(), replayed, body })
    }

    fn tell(&self, trouble: &RequestError) {
        if !self.told.replace(true) {
            let patience = humantime::format_duration(self.patience);
            self.screen.say(&format!(
                "{}: {}. Trying again, for up to {patience}.",
                self.url,
                clean(&trouble.words)
            ));
        }
    }
}

/// Whether the same request may do better in a moment.
fn is_passing(status: StatusCode, body: &Value) -> bool {
    matches!(status.as_u16(), 408 | 429 | 502 | 503 | 504)
        || (status == StatusCode::CONFLICT && body["code"] == "idempotency_in_progress")
}

/// Whether the token allows nothing of the kind. A role that exceeds what it holds concerns one row.
fn is_forbidden(answer: &Answer) -> bool {
    answer.status == 403 && answer.body["code"] != "role_exceeds_yours"
}

/// An answer in a few words.
pub(super) fn in_words(status: u16, body: &Value) -> String {
    match (body["detail"].as_str(), body["code"].as_str()) {
        (Some(detail), Some(code)) => format!("{status} {code}: {detail}"),
        _ => format!("{status}"),
    }
}

/// The seconds of a `Retry-After` (RFC 9110 §10.2.3). A date, which our service never names, is left to the
/// back-off.
fn seconds(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_secs)
}
