//! `GET /v1/webhook-endpoints/{id}/attempts`.

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::EVENT;
use crate::http::{
    extract::{
        auth::Caller,
        path::id,
        query::{Paging, Query},
    },
    openapi::{errors::errors, sample_data},
    response::{
        page::{self, List},
        problem::Problem,
        views::Timestamp,
    },
    state::State,
};
use crate::{
    domain::{
        ids::{WebhookAttemptId, WebhookEndpointId, WebhookEventId},
        webhooks::WebhookEventType,
    },
    services::webhook_endpoints::{self, Attempt},
};

/// An attempt to deliver an event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
pub struct WebhookAttemptView {
    /// Its id.
    pub id: WebhookAttemptId,
    /// The event: the header `webhook-id`.
    pub event_id: WebhookEventId,
    /// The type of event, or `webhook.test`.
    pub event_type: String,
    /// The number of the attempt, 1 for the first and again after a replay.
    #[schema(minimum = 1)]
    pub attempt: i32,
    /// When it began.
    pub at: Timestamp,
    /// The status of the answer; from 200 to 299 the event was accepted. Null where there was no answer.
    #[schema(minimum = 100, maximum = 999)]
    pub status: Option<i32>,
    /// Why there was no answer; null where there was one.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    #[schema(minimum = 0)]
    pub duration_ms: i32,
}

impl From<&Attempt> for WebhookAttemptView {
    fn from(attempt: &Attempt) -> Self {
        Self {
            id: attempt.id,
            event_id: attempt.event,
            event_type: attempt.event_type.clone(),
            attempt: attempt.attempt,
            at: Timestamp(attempt.at),
            status: attempt.status,
            error: attempt.error.clone(),
            duration_ms: attempt.milliseconds,
        }
    }
}

/// A page of attempts.
pub type WebhookAttempts = List<WebhookAttemptView>;

/// Two attempts, for the contract.
fn examples() -> Vec<WebhookAttemptView> {
    let one = |number, attempt, seconds, status, error: Option<&str>| WebhookAttemptView {
        id: sample_data::id(number),
        event_id: sample_data::id(EVENT),
        event_type: WebhookEventType::InvitationDelivered.as_str().to_owned(),
        attempt,
        at: sample_data::at(seconds),
        status,
        error: error.map(str::to_owned),
        duration_ms: 84,
    };
    vec![
        one(0x01a2_0ddd_fa08_7953_83f5_8c3c_f29d_0da9, 2, 66, Some(204), None),
        one(0x01a2_0ddd_f620_7953_83f5_8c3c_f29d_0da9, 1, 60, None, Some("the connection was refused")),
    ]
}

errors! {
    AttemptsErrors:
    FORBIDDEN = "the token lacks `webhooks:manage`";
    NOT_FOUND = "there is no such endpoint, or this token may not see it";
    CURSOR_MISMATCH;
}

/// List the attempts to deliver to a webhook endpoint
///
/// Those of 30 days, newest first; no more than the newest 10,000 are kept.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "listWebhookAttempts",
    params(
        ("id" = WebhookEndpointId, Path, description = "The endpoint."),
        (
            "event_id" = Option<WebhookEventId>, Query, description = "Those of this event.",
            example = json!("msg_01m86xvxh0f46bs8r42wfv2z13")
        ),
        Paging,
    ),
    responses(
        (status = 200, description = "A page.", body = WebhookAttempts, headers(("Link")), examples(
            ("WebhookAttempts" = (
                summary = "One that failed, and one that succeeded",
                value = json!(sample_data::page(examples()))
            )),
        )),
        AttemptsErrors,
    ),
    security(("access_token" = ["webhooks:manage"])),
)]
#[get("/v1/webhook-endpoints/{id}/attempts")]
pub async fn attempts(
    caller: Caller,
    path: Path<String>,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    webhook_endpoints::admit(&caller.0)?;
    let event = query.parsed("event_id", "invalid_id", str::parse::<WebhookEventId>);
    let page = query.page();
    query.finish()?;
    let asked = (id(&path)?, event);
    let page = webhook_endpoints::attempts(&state.services, &caller.0, asked, page).await?;
    page::answer(&page, |attempt| WebhookAttemptView::from(attempt), &request)
}
