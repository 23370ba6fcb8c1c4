//! `DELETE /v1/webhook-endpoints/{id}`.

use actix_web::{
    HttpResponse, delete,
    web::{Data, Path},
};

use crate::http::{
    extract::{auth::Caller, path::id, query::Query},
    openapi::errors::errors,
    response::problem::Problem,
    state::State,
};
use crate::{domain::ids::WebhookEndpointId, services::webhook_endpoints};

errors! {
    DeleteErrors:
    FORBIDDEN = "the token lacks `webhooks:manage`";
    NOT_FOUND = "there is no such endpoint, or this token may not see it";
}

/// Delete a webhook endpoint
///
/// For good, with its secrets and the log of its attempts. Nothing is sent to it any more; an attempt under
/// way is finished.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "deleteWebhookEndpoint",
    params(("id" = WebhookEndpointId, Path, description = "The endpoint.")),
    responses(
        (status = 204, description = "Deleted."),
        DeleteErrors,
    ),
    security(("access_token" = ["webhooks:manage"])),
)]
#[delete("/v1/webhook-endpoints/{id}")]
pub async fn delete(
    caller: Caller,
    path: Path<String>,
    query: Query,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    webhook_endpoints::admit(&caller.0)?;
    webhook_endpoints::delete(&state.services, &caller.0, id(&path)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
