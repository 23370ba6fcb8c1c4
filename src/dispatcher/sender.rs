//! Sends a webhook: a POST without redirects, with limits of time, to addresses that may be called alone.
//! These are checked when the connection is made, after the name was resolved, so that a name whose address
//! changes leads nowhere else. Nothing is read of the body of an answer.
//!
//! No proxy is used: it would resolve the name itself.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{
    Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};

use super::outcome::Answered;
use crate::domain::webhooks::{EndpointUrl, ReceiverNetworks};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request may take until the status of its answer: the specification recommends 15 to 30 seconds.
pub(super) const SEND_TIMEOUT: Duration = Duration::from_secs(20);
/// What is said of an endpoint that leads nowhere, or into a network where it must not. The same for both:
/// else partners could try which names the operator's own resolver knows.
const NOWHERE: &str = "the endpoint has no address on the public internet";
/// The longest cause that is quoted, in characters.
const MAX_CAUSE: usize = 200;

/// One webhook.
pub(super) struct Webhook<'a> {
    pub url: &'a EndpointUrl,
    /// Whether the URL may be in a network that the operator named.
    pub set_by_staff: bool,
    /// The headers of the specification.
    pub headers: [(&'static str, String); 3],
    pub body: String,
}

/// Sends webhooks. Clones share its clients.
#[derive(Clone)]
pub struct Sender {
    /// For endpoints of which a program set the URL: to the public internet alone.
    public: Client,
    encrypted: Client,
    /// For the networks that the operator named.
    plain: Client,
    networks: Arc<ReceiverNetworks>,
}

impl Sender {
    /// A sender to the public internet and to these networks.
    ///
    /// # Errors
    /// A sentence, when no HTTP client can be made.
    pub fn new(networks: ReceiverNetworks) -> Result<Self, String> {
        // The clients use the process's default provider of cryptography. An error says that another module
        // has installed it, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (networks, none) = (Arc::new(networks), Arc::new(ReceiverNetworks::default()));
        let client = |networks: &Arc<ReceiverNetworks>, is_encrypted| {
            client(Resolver { networks: networks.clone(), is_encrypted })
        };
        Ok(Self {
            public: client(&none, true)?,
            encrypted: client(&networks, true)?,
            plain: client(&networks, false)?,
            networks,
        })
    }

    /// The client for a webhook; `None` where its URL must not be called.
    fn client(&self, webhook: &Webhook<'_>) -> Option<&Client> {
        let is_encrypted = webhook.url.is_encrypted();
        let none = ReceiverNetworks::default();
        let (networks, client) = match (webhook.set_by_staff, is_encrypted) {
            (true, true) => (&*self.networks, &self.encrypted),
            (true, false) => (&*self.networks, &self.plain),
            (false, true) => (&none, &self.public),
            (false, false) => return None,
        };
        // An address in place of a name is not resolved.
        let address = webhook.url.address();
        address.is_none_or(|address| networks.allow(address, is_encrypted)).then_some(client)
    }

    /// Sends a webhook, and says what was answered. `now` is for an answer that names a time.
    pub(super) async fn send(&self, webhook: Webhook<'_>, now: DateTime<Utc>) -> Answered {
        let Some(client) = self.client(&webhook) else { return Answered::Nothing(NOWHERE.to_owned()) };
        let mut request = client.post(webhook.url.url().clone()).header(CONTENT_TYPE, "application/json");
        for (name, value) in webhook.headers {
            request = request.header(name, value);
        }
        match request.body(webhook.body).send().await {
            Ok(response) => Answered::Status {
                status: response.status().as_u16(),
                retry_after: retry_after(&response, now),
            },
            Err(error) => Answered::Nothing(words(&error)),
        }
    }
}

fn client(resolver: Resolver) -> Result<Client, String> {
    let client = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(SEND_TIMEOUT)
        .redirect(Policy::none())
        .no_proxy()
        .https_only(resolver.is_encrypted)
        .dns_resolver(Arc::new(resolver))
        // Each connection is checked, and none is kept: the next webhook may come hours later.
        .pool_max_idle_per_host(0)
        .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
        .build();
    client.map_err(|error| format!("no HTTP client for webhooks can be made: {error}"))
}

/// How long the endpoint asks to be left alone: seconds, or a date (RFC 9110 §10.2.3).
fn retry_after(response: &Response, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse() {
        Ok(seconds) => TimeDelta::try_seconds(seconds),
        Err(_) => Some(DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now),
    }
}

/// What went wrong, for the partner: no address, and not the URL, which may hold a secret.
fn words(error: &reqwest::Error) -> String {
    if error.is_timeout() && error.is_connect() {
        return format!("no connection within {} seconds", CONNECT_TIMEOUT.as_secs());
    }
    if error.is_timeout() {
        return format!("no answer within {} seconds", SEND_TIMEOUT.as_secs());
    }
    let cause = root(error);
    if cause == NOWHERE {
        return cause;
    }
    let what = if error.is_connect() { "no connection" } else { "no answer" };
    format!("{what}: {cause}")
}

/// The first cause of an error, on one line.
fn root(error: &reqwest::Error) -> String {
    let first: &dyn std::error::Error = error;
    let cause = std::iter::successors(first.source(), |cause| cause.source()).last();
    let text = cause.map_or_else(|| "the request failed".to_owned(), ToString::to_string);
    text.chars().filter(|c| !c.is_control()).take(MAX_CAUSE).collect()
}

/// Resolves names, and keeps the addresses that may be called.
struct Resolver {
    networks: Arc<ReceiverNetworks>,
    is_encrypted: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (networks, is_encrypted) = (self.networks.clone(), self.is_encrypted);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
            let allowed: Vec<SocketAddr> =
                found.into_iter().filter(|address| networks.allow(address.ip(), is_encrypted)).collect();
            if allowed.is_empty() {
                return Err(io::Error::other(NOWHERE).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
