//! `PATCH /v1/webhook-endpoints/{id}`.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, patch, web::Path};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    members::{event_types, url},
    view::WebhookEndpointView,
};
use crate::http::{
    extract::{
        command::Command,
        members::{self, MemberError, Members},
        path::id,
    },
    openapi::errors::errors,
    response::problem::Problem,
};
use crate::{
    domain::{
        ids::WebhookEndpointId,
        webhooks::{EndpointUrl, ReceiverNetworks, WebhookEventType, WebhookStatus},
    },
    services::webhook_endpoints::{self, EndpointPatch},
};

/// The changes, as a merge patch (RFC 7396): members that are left out stay. None can be removed by `null`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read into an `EndpointPatch`")]
pub struct UpdateWebhookEndpointRequest {
    /// Where it is: an `https` URL on the public internet, at port 443 or one from 1024 on, without user and
    /// fragment.
    #[schema(value_type = String, format = "uri", max_length = 2048, required = false)]
    url: EndpointUrl,
    /// All types of events that it takes from now on, each once.
    #[schema(value_type = Vec<WebhookEventType>, min_items = 1, required = false)]
    event_types: BTreeSet<WebhookEventType>,
    /// `paused`, or `active` again.
    #[schema(required = false)]
    status: WebhookStatus,
}

fn read(members: &mut Members, networks: &ReceiverNetworks) -> Option<EndpointPatch> {
    let has_url = members.contains_key("url");
    let url = has_url.then(|| members.required("url", |value| url(value, networks))).flatten();
    let event_types = members.contains_key("event_types").then(|| event_types(members)).flatten();
    let status = members.contains_key("status").then(|| members.required("status", status)).flatten();
    Some(EndpointPatch { url, event_types, status })
}

/// What a caller may set: only this service disables.
fn status(value: Value) -> Result<WebhookStatus, MemberError> {
    let status = members::parsed("unknown_value", str::parse::<WebhookStatus>)(value)?;
    if status == WebhookStatus::Disabled {
        return Err(MemberError("unknown_value", "This takes active or paused.".to_owned()));
    }
    Ok(status)
}

errors! {
    UpdateErrors:
    FORBIDDEN = "the token lacks `webhooks:manage`";
    SCOPE_EXCEEDS_YOURS = "the endpoint's client may read more than the token does";
    NOT_FOUND = "there is no such endpoint, or this token may not see it";
}

/// Change, pause or activate a webhook endpoint
///
/// While it is `paused`, events wait, and are sent in order once it is `active`. One that this service
/// disabled is set to `active` too; the events of that time are sent by `POST
/// /v1/webhook-endpoints/{id}/replay`. The body may be sent as `application/merge-patch+json` (RFC 7396),
/// too.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "updateWebhookEndpoint",
    params(("id" = WebhookEndpointId, Path, description = "The endpoint.")),
    request_body(content(
        (UpdateWebhookEndpointRequest = "application/json", examples(
            ("PauseWebhookEndpoint" = (summary = "Nothing is sent for now", value = json!({
                "status": "paused"
            }))),
        )),
    )),
    responses(
        (status = 200, description = "Changed.", body = WebhookEndpointView, examples(
            ("PausedWebhookEndpoint" = (summary = "Paused", value = json!(WebhookEndpointView::paused()))),
        )),
        UpdateErrors,
    ),
    security(("access_token" = ["webhooks:manage"])),
)]
#[patch("/v1/webhook-endpoints/{id}")]
pub async fn update(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let Command { state, actor, query, body, .. } = command;
    query.finish()?;
    webhook_endpoints::admit(&actor)?;
    let endpoint = id(&path)?;
    let networks = webhook_endpoints::networks(&state.services, &actor);
    let patch = body.parse_with(|members| read(members, &networks))?;
    let changed = webhook_endpoints::update(&state.services, &actor, endpoint, patch).await?;
    Ok(HttpResponse::Ok().json(WebhookEndpointView::of(&changed, state.services.clock.now())))
}
