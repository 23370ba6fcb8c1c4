//! `GET /v1/webhook-endpoints/{id}`.

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};

use super::view::WebhookEndpointView;
use crate::http::{
    extract::{auth::Caller, path::id, query::Query},
    openapi::errors::errors,
    response::{problem::Problem, representation},
    state::State,
};
use crate::{domain::ids::WebhookEndpointId, services::webhook_endpoints};

errors! {
    GetErrors:
    FORBIDDEN = "the token lacks `webhooks:manage`";
    NOT_FOUND = "there is no such endpoint, or this token may not see it";
}

/// Show a webhook endpoint
///
/// With its state, and never with a secret.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "getWebhookEndpoint",
    params(("id" = WebhookEndpointId, Path, description = "The endpoint.")),
    responses(
        (status = 200, description = "The endpoint.", body = WebhookEndpointView, examples(
            ("WebhookEndpoint" = (
                summary = "One of a partner", value = json!(WebhookEndpointView::example())
            )),
        )),
        GetErrors,
    ),
    security(("access_token" = ["webhooks:manage"])),
)]
#[get("/v1/webhook-endpoints/{id}")]
pub async fn get(
    caller: Caller,
    path: Path<String>,
    query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    webhook_endpoints::admit(&caller.0)?;
    let endpoint = webhook_endpoints::get(&state.services, &caller.0, id(&path)?).await?;
    representation::object(&request, &WebhookEndpointView::of(&endpoint, state.services.clock.now()))
}
