//! `POST /v1/webhook-endpoints`.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, http::StatusCode, post};
use utoipa::ToSchema;

use super::{
    members::{event_types, url},
    view::WebhookEndpointView,
};
use crate::http::{
    extract::{
        command::Command,
        idempotency_key::{self, RequestContext},
        members::{self, Members},
    },
    openapi::errors::errors,
    response::problem::Problem,
};
use crate::{
    domain::{
        ids::ClientId,
        webhooks::{EndpointUrl, ReceiverNetworks, WebhookEventType},
    },
    services::{
        idempotency::StoredAnswer,
        webhook_endpoints::{self, NewEndpoint},
    },
};

/// A webhook endpoint to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read into a `NewEndpoint`")]
pub struct CreateWebhookEndpointRequest {
    /// The API client that it belongs to. A program leaves it out, or names its own.
    client_id: Option<ClientId>,
    /// Where it is: an `https` URL on the public internet, at port 443 or one from 1024 on, without user and
    /// fragment.
    #[schema(value_type = String, format = "uri", max_length = 2048)]
    url: EndpointUrl,
    /// The types of events that it takes, each once.
    #[schema(value_type = Vec<WebhookEventType>, min_items = 1)]
    event_types: BTreeSet<WebhookEventType>,
}

fn read(members: &mut Members, networks: &ReceiverNetworks) -> Option<NewEndpoint> {
    let client = members.optional("client_id", members::parsed("invalid_id", str::parse::<ClientId>));
    let url = members.required("url", |value| url(value, networks));
    let event_types = event_types(members);
    Some(NewEndpoint { client, url: url?, event_types: event_types? })
}

errors! {
    CreateErrors:
    FORBIDDEN = "the token lacks `webhooks:manage`";
    SCOPE_EXCEEDS_YOURS = "the client may read more than the token does";
    API_CLIENT_REVOKED;
    API_CLIENT_EXPIRED;
    TOO_MANY_WEBHOOK_ENDPOINTS;
}

/// Make a webhook endpoint
///
/// Events are sent to it as the [Standard Webhooks](https://www.standardwebhooks.com) specification has it,
/// signed with `secret`, which is in this answer and in no other. A retry with the same `Idempotency-Key`
/// shows it again. It gets the events that its client may read: of customers with `customers:read`, below the
/// client's account if it has one; of staff with `system_users:read`. They have ids and no personal data. A
/// program makes endpoints of its own client; others name a client that they may see.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "createWebhookEndpoint",
    request_body(content = CreateWebhookEndpointRequest, examples(
        ("CreateWebhookEndpoint" = (summary = "For what becomes of invitations", value = json!({
            "url": "https://fleet.example.com/webhooks",
            "event_types": ["invitation.delivered", "invitation.bounced", "invitation.activated"]
        }))),
    )),
    responses(
        (status = 201, description = "Made. Store `secret` now.", body = WebhookEndpointView,
        headers(("Location")), examples(
            ("CreatedWebhookEndpoint" = (
                summary = "With its secret", value = json!(WebhookEndpointView::created())
            )),
        )),
        CreateErrors,
    ),
    security(("access_token" = ["webhooks:manage"])),
)]
#[post("/v1/webhook-endpoints")]
pub async fn create(command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    query.finish()?;
    webhook_endpoints::admit(&actor)?;
    let digest = *body.digest();
    let networks = webhook_endpoints::networks(&state.services, &actor);
    let asked = body.parse_with(|members| read(members, &networks));
    let work = async |(state, actor): RequestContext, new, ticket| {
        Ok(webhook_endpoints::create(&state.services, &actor, new, ticket).await?)
    };
    let authorise = async |(state, actor): RequestContext, new, _: Option<&StoredAnswer>| {
        Ok(webhook_endpoints::authorise_create(&state.services, &actor, new).await?)
    };
    let caller = (&request, state, actor);
    idempotency_key::once(caller, (StatusCode::CREATED, &digest), asked, authorise, work).await
}
