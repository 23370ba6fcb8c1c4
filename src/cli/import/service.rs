//! The HTTP client of the import, with retries.

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

/// The timeouts for a connection, and for an answer. A batch of a thousand rows takes long.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_mins(1);
/// The first and the longest delay before a retry. Jitter makes each up to twice as long.
const WAITS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// A running service, and the token for it.
pub(super) struct Service {
    client: Client,
    /// Without a trailing slash.
    url: String,
    token: SecretString,
    /// How long a request is retried.
    retry_for: Duration,
    stop: Stop,
    screen: Screen,
    /// Whether a retry has been reported.
    retry_reported: Cell<bool>,
}

/// An answer that is not retried.
pub(super) struct Answer {
    pub status: u16,
    /// Whether the answer is a replay of the one to an earlier request with the same key.
    pub replayed: bool,
    /// The body; null when it is no JSON.
    pub body: Value,
}

/// Why a request failed and may be retried.
#[derive(Debug, Clone)]
struct RequestError {
    words: String,
    /// The delay that the service asks for.
    wait: Option<Duration>,
}

/// Why the service cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    /// The HTTP client cannot be created.
    #[error("cannot create an HTTP client: {0}")]
    Client(String),
    /// No service answers.
    #[error(
        "no service answers at {url}: {words}\n  \
         Start it with `invitation-service serve`, or set its address with --url or PUBLIC_URL. Nothing was \
         sent."
    )]
    Away { url: String, words: String },
    /// The service refuses the token.
    #[error("the service at {0} refuses the access token. {1} Nothing was sent.")]
    Token(String, &'static str),
    /// Another program answers.
    #[error("the server at {0} is no invitation-service: {1}. Nothing was sent.")]
    Other(String, String),
}

impl Service {
    pub(super) fn new(
        url: &str,
        token: SecretString,
        retry_for: Duration,
        stop: Stop,
        screen: Screen,
    ) -> Result<Self, Unusable> {
        // The client needs the process's default crypto provider. An error means that one is installed
        // already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            // The token must not be sent to any other server that the service redirects to.
            .redirect(Policy::none())
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Unusable::Client(chain(&error)))?;
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { client, url, token, retry_for, stop, screen, retry_reported: Cell::new(false) })
    }

    /// Checks the service and the token with a request that any token may make. `own` says whether the token
    /// was made here.
    ///
    /// # Errors
    /// [`Unusable`] says what to do.
    pub(super) async fn check(&self, own: bool) -> Result<(), Unusable> {
        let url = || self.url.clone();
        let answer = self.send(self.request(Method::GET, "/v1/roles")).await;
        let Answer { status, body, .. } = match answer {
            Ok(answer) => answer,
            // The service is there and says when to ask again, as while its database is away: the import
            // waits.
            Err(RequestError { wait: Some(_), .. }) => return Ok(()),
            Err(RequestError { words, .. }) => return Err(Unusable::Away { url: url(), words }),
        };
        match status {
            200 if body["data"].is_array() => Ok(()),
            401 if own => Err(Unusable::Token(
                url(),
                "It was made with the key of this command's environment: set the SECRET_KEY, JWT_ISSUER and \
                JWT_AUDIENCE of the service, or run this command in the service's folder; and check that \
                both clocks are right.",
            )),
            401 => {
                Err(Unusable::Token(url(), "It is damaged, has expired, or was made for another service."))
            }
            _ => Err(Unusable::Other(
                url(),
                format!("it answers GET /v1/roles with {}", in_words(status, &body)),
            )),
        }
    }

    /// Sends a GET request. `None` as with [`Self::post`].
    pub(super) async fn get(&self, path: &str) -> Option<Answer> {
        self.send_with_retries(|| self.request(Method::GET, path)).await
    }

    /// Sends a POST request. `None` when the import ends meanwhile; `stop` then has the reason.
    pub(super) async fn post(&self, path: &str, key: Option<&str>, body: &str) -> Option<Answer> {
        let request = || {
            let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/json");
            let request = key
                .iter()
                .fold(request, |request, key| request.header("idempotency-key", format!("\"{key}\"")));
            request.body(body.to_owned())
        };
        self.send_with_retries(request).await
    }

    /// Sends a request, and retries it until it gets a final answer.
    async fn send_with_retries(&self, request: impl Fn() -> RequestBuilder) -> Option<Answer> {
        let (begun, stop) = (Instant::now(), self.stop.clone());
        let attempt = || self.send(request());
        let waits = ExponentialBuilder::new()
            .with_min_delay(WAITS.0)
            .with_max_delay(WAITS.1)
            .with_jitter()
            .without_max_times();
        let outcome = attempt
            .retry(waits)
            .when(|_| self.stop.reason().is_none())
            .adjust(|error, wait| {
                let wait = wait.max(error.wait)?;
                (begun.elapsed().saturating_add(wait) <= self.retry_for).then_some(wait)
            })
            .notify(|error, _| self.report_retry(error))
            // A stop ends the delay: one last attempt is made at once.
            .sleep(move |wait| {
                let stopped = stop.clone().wait();
                async move { drop(timeout(wait, stopped).await) }
            })
            .await;
        match outcome {
            Ok(answer) if answer.status == 401 || is_forbidden(&answer) => {
                self.stop.set_reason(Reason::Denied(in_words(answer.status, &answer.body)));
                None
            }
            Ok(answer) => Some(answer),
            Err(error) => {
                self.stop.set_reason(Reason::Unanswered(error.words));
                None
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(self.token.expose_secret())
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, RequestError> {
        let lost = |error: reqwest::Error| RequestError { words: chain(&error.without_url()), wait: None };
        let response = request.send().await.map_err(lost)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (wait, replayed) =
            (header("retry-after").and_then(seconds), header("idempotency-replayed") == Some("true"));
        let text = response.text().await.map_err(lost)?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        if is_temporary(status, &body) {
            return Err(RequestError { words: in_words(status.as_u16(), &body), wait });
        }
        Ok(Answer { status: status.as_u16(), replayed, body })
    }

    fn report_retry(&self, error: &RequestError) {
        if !self.retry_reported.replace(true) {
            let retry_for = humantime::format_duration(self.retry_for);
            self.screen.say(&format!(
                "{}: {}. Retrying for up to {retry_for}.",
                self.url,
                clean(&error.words)
            ));
        }
    }
}

/// Whether the same request may succeed later.
fn is_temporary(status: StatusCode, body: &Value) -> bool {
    matches!(status.as_u16(), 408 | 429 | 502 | 503 | 504)
        || (status == StatusCode::CONFLICT && body["code"] == "idempotency_in_progress")
}

/// Whether the token lacks a permission for all rows. `role_exceeds_yours` concerns one row only.
fn is_forbidden(answer: &Answer) -> bool {
    answer.status == 403 && answer.body["code"] != "role_exceeds_yours"
}

/// A short description of an answer.
pub(super) fn in_words(status: u16, body: &Value) -> String {
    match (body["detail"].as_str(), body["code"].as_str()) {
        (Some(detail), Some(code)) => format!("{status} {code}: {detail}"),
        _ => format!("{status}"),
    }
}

/// The seconds of a `Retry-After` (RFC 9110 §10.2.3). A date, which our service never sends, is left to the
/// back-off.
fn seconds(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_secs)
}
