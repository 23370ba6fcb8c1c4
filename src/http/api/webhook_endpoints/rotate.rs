//! `POST /v1/webhook-endpoints/{id}/rotate`.

use actix_web::{HttpResponse, http::StatusCode, post, web::Path};

use super::view::WebhookEndpointView;
use crate::http::{
    api::api_clients::rotate::RotateSecretRequest,
    extract::{
        command::Command,
        idempotency_key::{self, RequestContext},
        path::id,
    },
    openapi::errors::errors,
    response::problem::Problem,
};
use crate::{
    domain::ids::WebhookEndpointId,
    services::{idempotency::StoredAnswer, webhook_endpoints},
};

errors! {
    RotateErrors:
    FORBIDDEN = "the token lacks `webhooks:manage`";
    SCOPE_EXCEEDS_YOURS = "the endpoint's client may read more than the token does";
    NOT_FOUND = "there is no such endpoint, or this token may not see it";
}

/// Give a webhook endpoint a new secret
///
/// The answer shows the new `secret`, once. Webhooks are signed with the secret before it, too, for
/// `old_secret_expires_in` seconds more, a day by default: `webhook-signature` then has two signatures, so
/// that the receiver can replace the secret without a pause. An endpoint has at most two secrets: rotated
/// again before that time, the oldest one stops at once.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "rotateWebhookSecret",
    params(("id" = WebhookEndpointId, Path, description = "The endpoint.")),
    request_body(content = Option<RotateSecretRequest>, examples(
        ("RotateWebhookSecret" = (summary = "The old one signs for an hour more", value = json!({
            "old_secret_expires_in": 3600
        }))),
    )),
    responses(
        (status = 200, description = "Rotated. Store `secret` now.", body = WebhookEndpointView, examples(
            ("RotatedWebhookEndpoint" = (
                summary = "With two secrets", value = json!(WebhookEndpointView::rotated())
            )),
        )),
        RotateErrors,
    ),
    security(("access_token" = ["webhooks:manage"])),
)]
#[post("/v1/webhook-endpoints/{id}/rotate")]
pub async fn rotate(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    query.finish()?;
    webhook_endpoints::admit(&actor)?;
    let digest = *body.digest();
    let asked = body
        .parse_if_any()
        .and_then(|asked: RotateSecretRequest| Ok((id(&path)?, asked.old_secret_expires_in)));
    let work = async |(state, actor): RequestContext, change, ticket| {
        Ok(webhook_endpoints::rotate(&state.services, &actor, change, ticket).await?)
    };
    let authorise = async |(state, actor): RequestContext, (endpoint, _), _: Option<&StoredAnswer>| {
        Ok(webhook_endpoints::authorise_rotate(&state.services, &actor, endpoint).await?)
    };
    idempotency_key::once((&request, state, actor), (StatusCode::OK, &digest), asked, authorise, work).await
}
