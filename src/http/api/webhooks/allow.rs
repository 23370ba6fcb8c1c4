//! `OPTIONS /v1/mail-events/{provider}`: a provider asks whether its requests are wanted here, before it
//! sends events in the schema of CloudEvents (HTTP 1.1 Web Hooks for Event Delivery, §4):
//! <https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#4-abuse-protection>.
//!
//! It is not in the contract: only such providers use it.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

use super::{guessed, unknown};
use crate::domain::delivery_reports::WebhookRequest;
use crate::http::{extract::client_address::client_address, response::problem::Problem, state::State};

const REQUEST_ORIGIN: &str = "webhook-request-origin";
const ALLOWED_ORIGIN: &str = "webhook-allowed-origin";
const ALLOWED_RATE: &str = "webhook-allowed-rate";

/// Allows the origin that proves itself as for a report.
///
/// # Errors
/// 404 for a provider that does not ask, 401 without its secret, 429 after several wrong ones.
pub async fn allow(
    request: HttpRequest,
    path: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let (provider, verifier) = state.settings.webhooks.find(&path).ok_or_else(unknown)?;
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let origin = header(REQUEST_ORIGIN).filter(|_| verifier.allows_origin()).ok_or_else(unknown)?;
    let incoming =
        WebhookRequest { header: &header, body: &[], document: None, now: state.services.clock.now() };
    if !verifier.admits(&incoming) {
        return Err(guessed(&state, (provider, verifier), client_address(&request)));
    }
    Ok(HttpResponse::Ok().insert_header((ALLOWED_ORIGIN, origin)).insert_header((ALLOWED_RATE, "*")).finish())
}
