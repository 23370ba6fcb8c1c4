//! `POST /v1/webhook-endpoints/{id}/replay`.

use actix_web::{HttpResponse, http::StatusCode, post, web::Path};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::{
    extract::{
        command::Command,
        idempotency_key::{self, IntoStoredAnswer, RequestContext},
        members::{self, MemberError, Members},
        path::id,
    },
    openapi::errors::errors,
    response::problem::Problem,
};
use crate::{
    domain::{ids::WebhookEndpointId, webhooks::KEPT_FOR},
    services::{
        idempotency::StoredAnswer,
        webhook_endpoints::{self, NewReplay, Replayed},
    },
};

/// Which events are sent again.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read into a `NewReplay`")]
pub struct ReplayWebhooksRequest {
    /// Those of this time and later ones: within the last 30 days.
    since: DateTime<Utc>,
    /// Only those that the endpoint has not accepted.
    #[schema(value_type = Option<bool>, default = false)]
    undelivered_only: bool,
}

fn read(members: &mut Members, now: DateTime<Utc>) -> Option<NewReplay> {
    let since = members.required("since", |value| within(value, now));
    let undelivered_only = members.optional("undelivered_only", |value| members::boolean(&value));
    Some(NewReplay { since: since?, undelivered_only: undelivered_only.unwrap_or_default() })
}

fn within(value: Value, now: DateTime<Utc>) -> Result<DateTime<Utc>, MemberError> {
    let at = DateTime::parse_from_rfc3339(&members::text(value)?).map_err(|_| {
        MemberError("invalid_time", "This takes a time as 2026-11-24T14:03:00Z (RFC 3339).".to_owned())
    })?;
    if (now - KEPT_FOR..=now).contains(&at.to_utc()) {
        Ok(at.to_utc())
    } else {
        Err(MemberError("out_of_range", "This takes a time of the last 30 days.".to_owned()))
    }
}

/// How much is sent again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookReplay)]
pub struct WebhookReplayView {
    /// How many events.
    pub events: usize,
}

impl IntoStoredAnswer for Replayed {
    fn answer(&self, status: StatusCode, _: DateTime<Utc>) -> StoredAnswer {
        let body = serde_json::to_string(&WebhookReplayView { events: self.events }).unwrap_or_default();
        StoredAnswer { status: status.as_u16(), body, location: None, etag: None }
    }
}

errors! {
    ReplayErrors:
    FORBIDDEN = "the token lacks `webhooks:manage`";
    NOT_FOUND = "there is no such endpoint, or this token may not see it";
    WEBHOOK_ENDPOINT_INACTIVE = "this service disabled the endpoint: set it to active first";
    WEBHOOK_REPLAY_UNFINISHED;
}

/// Send events to a webhook endpoint again
///
/// Those that it took in its time, from `since` on, with the ids and bodies that they had and in the same
/// order: a receiver that remembers `webhook-id` does nothing twice. To a paused endpoint they are sent once
/// it is active. One replay at a time: the next one is refused until the events of the last one have been
/// tried.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "replayWebhooks",
    params(("id" = WebhookEndpointId, Path, description = "The endpoint.")),
    request_body(content = ReplayWebhooksRequest, examples(
        ("ReplayWebhooks" = (summary = "What was missed since noon", value = json!({
            "since": "2026-11-24T12:00:00Z", "undelivered_only": true
        }))),
    )),
    responses(
        (status = 202, description = "They will be sent.", body = WebhookReplayView, examples(
            ("WebhookReplay" = (summary = "Seven events", value = json!(WebhookReplayView { events: 7 }))),
        )),
        ReplayErrors,
    ),
    security(("access_token" = ["webhooks:manage"])),
)]
#[post("/v1/webhook-endpoints/{id}/replay")]
pub async fn replay(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    query.finish()?;
    webhook_endpoints::admit(&actor)?;
    let (digest, now) = (*body.digest(), state.services.clock.now());
    let asked = body.parse_with(|members| read(members, now)).and_then(|asked| Ok((id(&path)?, asked)));
    let work = async |(state, actor): RequestContext, asked, ticket| {
        Ok(webhook_endpoints::replay(&state.services, &actor, asked, ticket).await?)
    };
    let authorise = async |(state, actor): RequestContext,
                           (endpoint, _): (WebhookEndpointId, NewReplay),
                           _: Option<&StoredAnswer>| {
        Ok(webhook_endpoints::authorise(&state.services, &actor, endpoint).await?)
    };
    let caller = (&request, state, actor);
    idempotency_key::once(caller, (StatusCode::ACCEPTED, &digest), asked, authorise, work).await
}
