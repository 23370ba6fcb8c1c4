//! Asks a provider what its webhook's verifier needs to know: over HTTPS, without redirects, with limits of
//! time and size. The verifier has checked the host.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, StatusCode, redirect::Policy};

use crate::{
    domain::webhook_client::{FetchError, Fetching, WebhookClient},
    mail::fault,
};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a request may take: the provider's own request waits for it.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// The most bytes of an answer.
const MAX_LEN: usize = 64 * 1024;
/// The most documents that are kept; a provider signs with one or two certificates at a time.
const MAX_KEPT: usize = 8;
/// How long a document is kept.
const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// The answers that say that there is nothing at a URL. Any other failure may pass, as a limit of requests
/// (429) or a proxy that wants credentials (407) does: the provider has to send its request again.
const ABSENT: [StatusCode; 4] =
    [StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::GONE];

/// A document, and when it was fetched.
struct Kept {
    url: String,
    document: Arc<[u8]>,
    at: DateTime<Utc>,
}

/// The client. It is made when it is first needed.
#[derive(Default)]
pub struct WebhookHttp {
    client: OnceLock<Result<Client, String>>,
    kept: Mutex<VecDeque<Kept>>,
}

impl WebhookHttp {
    fn kept(&self, url: &str, now: DateTime<Utc>) -> Option<Arc<[u8]>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|one| one.url == url && now - one.at < KEPT_FOR);
        found.map(|one| Arc::clone(&one.document))
    }

    fn keep(&self, url: &str, document: &Arc<[u8]>, at: DateTime<Utc>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.url != url);
        if kept.len() == MAX_KEPT {
            kept.pop_front();
        }
        kept.push_back(Kept { url: url.to_owned(), document: Arc::clone(document), at });
    }

    async fn get(&self, url: &str) -> Result<Arc<[u8]>, FetchError> {
        let client = self.client.get_or_init(client).as_ref();
        let client = client.map_err(|why| FetchError::Unavailable(why.clone()))?;
        // The URL may hold a token of the provider's, and is in no error.
        let failed = |error: reqwest::Error| FetchError::Unavailable(fault::chain(&error.without_url()));
        let mut response = client.get(url).send().await.map_err(failed)?;
        let status = response.status();
        if ABSENT.contains(&status) {
            return Err(FetchError::Absent);
        }
        if !status.is_success() {
            return Err(FetchError::Unavailable(format!("it answered {}", status.as_u16())));
        }
        let mut document = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(failed)? {
            document.extend_from_slice(&piece);
            if document.len() > MAX_LEN {
                return Err(FetchError::Unavailable(format!("the answer has more than {MAX_LEN} bytes")));
            }
        }
        Ok(document.into())
    }
}

impl WebhookClient for WebhookHttp {
    fn document<'a>(&'a self, url: &'a str, now: DateTime<Utc>) -> Fetching<'a> {
        Box::pin(async move {
            if let Some(document) = self.kept(url, now) {
                return Ok(document);
            }
            let document = self.get(url).await?;
            self.keep(url, &document, now);
            Ok(document)
        })
    }

    fn open<'a>(&'a self, url: &'a str) -> Fetching<'a> {
        Box::pin(self.get(url))
    }
}

fn client() -> Result<Client, String> {
    // As the client that sends letters does; an error says that it is installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(FETCH_TIMEOUT)
        .redirect(Policy::none())
        // Unencrypted on loopback alone, in tests.
        .https_only(!cfg!(test))
        .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
        .build();
    client.map_err(|error| format!("no HTTP client can be made: {}", fault::chain(&error)))
}

#[cfg(test)]
mod tests;
