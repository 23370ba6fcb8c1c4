//! `POST /v1/webhook-endpoints/{id}/test`.

use actix_web::{HttpResponse, http::StatusCode, post, web::Path};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::EVENT;
use crate::http::{
    extract::{
        command::Command,
        idempotency_key::{self, IntoStoredAnswer, RequestContext},
        json_body::EmptyRequest,
        path::id,
    },
    openapi::{errors::errors, sample_data},
    response::problem::Problem,
};
use crate::{
    domain::ids::{WebhookEndpointId, WebhookEventId},
    services::{
        idempotency::StoredAnswer,
        webhook_endpoints::{self, TestSent},
    },
};

/// The event with which an endpoint is tried.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookTest)]
pub struct WebhookTestView {
    /// Its id: the header `webhook-id`.
    pub event_id: WebhookEventId,
}

impl IntoStoredAnswer for TestSent {
    fn answer(&self, status: StatusCode, _: DateTime<Utc>) -> StoredAnswer {
        let body = serde_json::to_string(&WebhookTestView { event_id: self.event }).unwrap_or_default();
        StoredAnswer { status: status.as_u16(), body, location: None, etag: None }
    }
}

errors! {
    TestErrors:
    FORBIDDEN = "the token lacks `webhooks:manage`";
    NOT_FOUND = "there is no such endpoint, or this token may not see it";
    WEBHOOK_ENDPOINT_INACTIVE;
}

/// Try a webhook endpoint
///
/// Sends an event of the type `webhook.test`, within seconds, as every other event is sent: signed, and tried
/// again where it fails. What came of it is in `GET /v1/webhook-endpoints/{id}/attempts?event_id=…`.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "testWebhookEndpoint",
    params(("id" = WebhookEndpointId, Path, description = "The endpoint.")),
    request_body(content = Option<EmptyRequest>, examples(
        ("Empty" = (summary = "No member is needed", value = json!({}))),
    )),
    responses(
        (status = 202, description = "It will be sent.", body = WebhookTestView, examples(
            ("WebhookTest" = (summary = "The event", value = json!(WebhookTestView {
                event_id: sample_data::id(EVENT)
            }))),
        )),
        TestErrors,
    ),
    security(("access_token" = ["webhooks:manage"])),
)]
#[post("/v1/webhook-endpoints/{id}/test")]
pub async fn test_event(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    query.finish()?;
    webhook_endpoints::admit(&actor)?;
    let digest = *body.digest();
    let asked = body.expect_none().and_then(|()| id(&path));
    let work = async |(state, actor): RequestContext, endpoint: WebhookEndpointId, ticket| {
        Ok(webhook_endpoints::test(&state.services, &actor, endpoint, ticket).await?)
    };
    let authorise =
        async |(state, actor): RequestContext, endpoint: WebhookEndpointId, _: Option<&StoredAnswer>| {
            Ok(webhook_endpoints::authorise(&state.services, &actor, endpoint).await?)
        };
    let caller = (&request, state, actor);
    idempotency_key::once(caller, (StatusCode::ACCEPTED, &digest), asked, authorise, work).await
}
