//! What a webhook's verifier needs from its provider beside the request: a document, as a certificate, or the
//! confirmation of a subscription.
//!
//! A verifier is pure and says which URL is to be asked. `mail` has the client that asks, with limits.

use std::{pin::Pin, sync::Arc};

use chrono::{DateTime, Utc};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchError {
    /// The provider answered that there is nothing at this URL, or nothing that may be fetched.
    Absent,
    /// The provider did not answer, not in time, or with a failure that may pass. The text is for logs.
    Unavailable(String),
}

/// The answer to a request, once it is there.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Arc<[u8]>, FetchError>> + Send + 'a>>;

/// Asks a provider. A verifier has checked that each URL is one of the provider's own.
pub trait WebhookClient: Send + Sync {
    /// A document that does not change under its URL: it may be kept for a time.
    fn document<'a>(&'a self, url: &'a str, now: DateTime<Utc>) -> Fetching<'a>;

    /// Opens a URL, for what the provider does when it is opened.
    fn open<'a>(&'a self, url: &'a str) -> Fetching<'a>;
}
