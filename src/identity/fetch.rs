//! Fetches a provider's key set: a GET without redirects, with limits of time and size, and not from private
//! addresses unless the operator allows it. The addresses are checked when the connection is made, after the
//! name was resolved, so that a name whose address changes leads nowhere else.
//!
//! No proxy is used: it would resolve the name itself.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use reqwest::{
    Client, StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use url::Url;

use super::settings::Issuer;
use crate::domain::public_address;

/// How long a request for keys may take, and a token waits for it.
pub(super) const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The longest key set, in bytes.
const MAX_LEN: usize = 256 * 1024;

/// Where a provider's keys are.
pub(super) struct KeySource {
    client: Client,
    url: Url,
}

impl KeySource {
    pub fn new(issuer: &Issuer) -> Result<Self, String> {
        // As the mail providers' client does; an error says that it is installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = issuer.jwks_url.clone();
        let resolver = Resolver {
            allow_private: issuer.allow_private_network,
            allow_loopback: public_address::is_loopback(&url),
        };
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(FETCH_TIMEOUT)
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(resolver))
            // Connections are not kept for ten minutes.
            .pool_max_idle_per_host(0)
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build();
        client
            .map(|client| Self { client, url })
            .map_err(|error| format!("no HTTP client can be made: {error}"))
    }

    /// The document.
    ///
    /// # Errors
    /// A sentence that says what went wrong.
    pub async fn fetch(&self) -> Result<Vec<u8>, String> {
        let request =
            self.client.get(self.url.clone()).header("accept", "application/jwk-set+json, application/json");
        let mut response = request.send().await.map_err(|error| chain(&error))?;
        if response.status() != StatusCode::OK {
            return Err(format!("{} answers with {}", self.url, response.status()));
        }
        let mut document = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| chain(&error))? {
            document.extend_from_slice(&piece);
            if document.len() > MAX_LEN {
                return Err(format!("the answer has more than {MAX_LEN} bytes"));
            }
        }
        Ok(document)
    }
}

/// An error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Resolves names, and keeps the addresses that may be called.
struct Resolver {
    allow_private: bool,
    allow_loopback: bool,
}

impl Resolver {
    fn may_call(&self, address: &SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.allow_private || self.allow_loopback && ip.is_loopback() || !public_address::is_private(ip)
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = Self { ..*self };
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> =
                found.into_iter().filter(|address| resolver.may_call(address)).collect();
            if allowed.is_empty() {
                let fault = "the name leads to private addresses alone (allow_private_network allows them)";
                return Err(io::Error::other(fault).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
