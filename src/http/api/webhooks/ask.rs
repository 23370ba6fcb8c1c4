//! What a provider is asked while its request is verified: the document that verifies it, and the URL that
//! confirms a subscription.

use std::sync::Arc;

use actix_web::http::header;

use super::guess::{delayed, guesses};
use crate::domain::{
    client_address::ClientAddress,
    delivery_reports::{Provider, WebhookError, WebhookRequest, WebhookVerifier},
    webhook_client::FetchError,
};
use crate::http::{
    response::{error_codes, problem::Problem},
    state::State,
};

/// The outcome of a request whose provider could not be asked, for metrics.
pub(in crate::http) const UNREACHABLE: &str = "unreachable";
/// When the provider may send its request again, in seconds.
const RETRY_AFTER: u64 = 30;

/// Why a request is not answered with 200.
pub(super) enum Refusal {
    /// It is not genuine.
    Error(WebhookError),
    /// The provider does not have the document that it names.
    Absent,
    /// Several named such documents from the same address: 429.
    Limited(Problem),
    /// The provider could not be asked: 503, so that it sends the request again.
    Unreachable(Problem),
}

/// The document that the request is verified with, where it needs one.
///
/// The provider's messages name documents that it has: one that names another is forged, and counts as a
/// wrong secret does, so that its address does not have the provider asked again and again.
///
/// # Errors
/// [`Refusal`]. A document that the provider does not have verifies nothing.
pub(super) async fn document(
    state: &State,
    (provider, verifier): (Provider, &dyn WebhookVerifier),
    client: ClientAddress,
    request: &WebhookRequest<'_>,
) -> Result<Option<Arc<[u8]>>, Refusal> {
    let Some(url) = verifier.document(request).map_err(Refusal::Error)? else { return Ok(None) };
    if let Some(problem) = delayed(state, provider, &guesses(state, provider, client)) {
        return Err(Refusal::Limited(problem));
    }
    let fetched = match state.settings.webhooks.client() {
        Some(client) => client.document(&url, request.now).await,
        None => Err(no_client()),
    };
    fetched.map(Some).map_err(|error| match error {
        FetchError::Absent => Refusal::Absent,
        FetchError::Unavailable(why) => Refusal::Unreachable(unreachable(state, provider, &why)),
    })
}

/// Opens the URL by which the provider learns that its requests are wanted.
///
/// # Errors
/// 503, so that the provider sends its request again.
pub(super) async fn confirm(state: &State, provider: Provider, url: &str) -> Result<(), Problem> {
    let opened = match state.settings.webhooks.client() {
        Some(client) => client.open(url).await,
        None => Err(no_client()),
    };
    match opened {
        Ok(_) => {
            tracing::info!(provider = provider.name, "the subscription of a webhook is confirmed");
            Ok(())
        }
        Err(FetchError::Absent) => Err(unreachable(state, provider, "it did not accept the confirmation")),
        Err(FetchError::Unavailable(why)) => Err(unreachable(state, provider, &why)),
    }
}

fn no_client() -> FetchError {
    FetchError::Unavailable("there is no client".to_owned())
}

fn unreachable(state: &State, provider: Provider, why: &str) -> Problem {
    state.metrics.report(provider.name, UNREACHABLE);
    tracing::warn!(provider = provider.name, why, "a webhook's request was not verified or confirmed");
    let detail = format!("{} could not be asked about this request. Send it again.", provider.title);
    Problem::new(error_codes::UNAVAILABLE, detail).header(header::RETRY_AFTER, RETRY_AFTER.to_string())
}
