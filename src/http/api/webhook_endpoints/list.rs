//! `GET /v1/webhook-endpoints`.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};

use super::view::{WebhookEndpointView, WebhookEndpoints};
use crate::http::{
    extract::{
        auth::Caller,
        query::{Paging, Query},
    },
    openapi::{errors::errors, sample_data},
    response::{page, problem::Problem},
    state::State,
};
use crate::{
    domain::{ids::ClientId, webhooks::WebhookStatus},
    services::webhook_endpoints::{self, EndpointQuery},
};

errors! {
    ListErrors:
    FORBIDDEN = "the token lacks `webhooks:manage`";
    CURSOR_MISMATCH;
}

/// List webhook endpoints
///
/// Newest first. A program sees those of its own client.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "listWebhookEndpoints",
    params(
        (
            "client_id" = Option<ClientId>, Query, description = "Those of this API client.",
            example = json!("client_01m86xvxh0f46bs8r42wfv2z13")
        ),
        (
            "status" = Option<WebhookStatus>, Query, description = "Those with this status.",
            example = "active"
        ),
        Paging,
    ),
    responses(
        (status = 200, description = "A page.", body = WebhookEndpoints, headers(("Link")), examples(
            ("WebhookEndpoints" = (
                summary = "The last page",
                value = json!(sample_data::page(vec![WebhookEndpointView::example()]))
            )),
        )),
        ListErrors,
    ),
    security(("access_token" = ["webhooks:manage"])),
)]
#[get("/v1/webhook-endpoints")]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    webhook_endpoints::admit(&caller.0)?;
    let filters = EndpointQuery {
        client: query.parsed("client_id", "invalid_id", str::parse::<ClientId>),
        status: query.one_of("status", &WebhookStatus::ALL, WebhookStatus::as_str),
    };
    let page = query.page();
    query.finish()?;
    let page = webhook_endpoints::list(&state.services, &caller.0, filters, page).await?;
    let now = state.services.clock.now();
    page::answer(&page, |endpoint| WebhookEndpointView::of(endpoint, now), &request)
}
