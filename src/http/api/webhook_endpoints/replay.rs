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
    /// Those of this time and later ones: within the last 30 days. Without it, all that are kept.
    since: Option<DateTime<Utc>>,
    /// Only those that the endpoint has not accepted. By default `true` without `since`, and `false` with it.
    undelivered_only: Option<bool>,
}

fn read(members: &mut Members, now: DateTime<Utc>) -> Option<NewReplay> {
    let is_from_a_time = members.contains_non_null("since");
    let since = is_from_a_time.then(|| members.required("since", |value| within(value, now)));
    let undelivered_only = members.optional("undelivered_only", |value| members::boolean(&value));
    let since = match since {
        Some(since) => Some(since?),
        None => None,
    };
    Some(NewReplay { since, undelivered_only: undelivered_only.unwrap_or(!is_from_a_time) })
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
    WEBHOOK_REPLAY_UNFINISHED;
}

/// Send events to a webhook endpoint again
///
/// Those that it took in its time, from `since` on, with the ids and bodies that they had and in the same
/// order: a receiver that remembers `webhook-id` does nothing twice. Without `since`: all that the endpoint
/// has not accepted, those that were given up too. To an endpoint that is `paused` or `disabled` they are
/// sent once it is active. One replay at a time: the next one is refused until the events of the last one
/// have been tried.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "replayWebhooks",
    params(("id" = WebhookEndpointId, Path, description = "The endpoint.")),
    request_body(content = ReplayWebhooksRequest, examples(
        ("ReplayWebhooks" = (summary = "What was not accepted", value = json!({}))),
        ("ReplayWebhooksSince" = (summary = "Everything since noon", value = json!({
            "since": "2026-11-24T12:00:00Z"
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
