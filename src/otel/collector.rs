//! Requests to the collector: OTLP over HTTP with protobuf,
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp>.

use std::time::Duration;

use reqwest::{
    Client, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    redirect::Policy,
};
use url::Url;

use super::settings::OtlpSettings;

/// How long a connection may take, within the time for the whole request.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest cause that is quoted, in characters.
const MAX_CAUSE: usize = 200;

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signal {
    Spans,
    Metrics,
}

impl Signal {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::Metrics => "metrics",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Spans => "/v1/traces",
            Self::Metrics => "/v1/metrics",
        }
    }
}

/// Why the collector did not take something.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) why: String,
    /// After which time the same may be sent again, if it may.
    pub(super) again_after: Option<Duration>,
}

/// An HTTP client for the collector.
pub(super) struct Collector {
    client: Client,
    endpoint: Url,
    headers: HeaderMap,
}

impl Collector {
    pub(super) fn new(settings: OtlpSettings) -> Result<Self, String> {
        // The client uses the process's default provider of cryptography. An error says that another module
        // has installed it, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(settings.timeout)
            // The headers are for the collector, and for no host that an answer names.
            .redirect(Policy::none())
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("no HTTP client for the collector can be made: {}", root(&error)))?;
        Ok(Self { client, endpoint: settings.endpoint, headers: settings.headers.into_map() })
    }

    /// Sends a message. Nothing is read of the body of the answer.
    pub(super) async fn send(&self, signal: Signal, message: Vec<u8>) -> Result<(), Refused> {
        let mut url = self.endpoint.clone();
        url.set_path(&[self.endpoint.path().trim_end_matches('/'), signal.path()].concat());
        let request = self.client.post(url).headers(self.headers.clone());
        match request.header(CONTENT_TYPE, "application/x-protobuf").body(message).send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(refused(&response)),
            Err(error) => Err(Refused { why: root(&error), again_after: Some(Duration::ZERO) }),
        }
    }
}

/// Only these say that the same may be taken later (<https://opentelemetry.io/docs/specs/otlp/#failures-1>).
fn refused(response: &Response) -> Refused {
    let status = response.status();
    let is_passing = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    );
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let wait = Duration::from_secs(seconds.unwrap_or_default());
    Refused { why: format!("it answered {}", status.as_u16()), again_after: is_passing.then_some(wait) }
}

/// The first cause of an error, on one line: it names no URL.
fn root(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it did not answer in time".to_owned();
    }
    let first: &dyn std::error::Error = error;
    let cause = std::iter::successors(first.source(), |cause| cause.source()).last();
    let text = cause.map_or_else(|| "the request failed".to_owned(), ToString::to_string);
    text.chars().filter(|c| !c.is_control()).take(MAX_CAUSE).collect()
}
