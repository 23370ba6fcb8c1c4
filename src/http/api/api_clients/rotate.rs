//! `POST /v1/api-clients/{id}/rotate`.

use actix_web::{HttpResponse, http::StatusCode, post, web::Path};
use chrono::TimeDelta;
use serde_json::Value;
use utoipa::ToSchema;

use super::view::ApiClientView;
use crate::http::{
    extract::{
        command::Command,
        idempotency_key::{self, RequestContext},
        members::{self, MemberError, Members},
        path::id,
    },
    openapi::errors::errors,
    response::problem::Problem,
};
use crate::{
    domain::{
        api_client::{DEFAULT_OVERLAP, MAX_OVERLAP},
        ids::ClientId,
    },
    services::{api_clients, idempotency::StoredAnswer},
};

/// How long the old secret still works.
#[derive(ToSchema)]
pub struct RotateSecretRequest {
    /// So many seconds from now, 0 for none.
    #[schema(value_type = Option<i32>, minimum = 0, maximum = 2_592_000, default = 86_400)]
    pub(in crate::http) old_secret_expires_in: TimeDelta,
}

impl members::Request for RotateSecretRequest {
    fn read(members: &mut Members) -> Option<Self> {
        let overlap = members.optional("old_secret_expires_in", seconds);
        Some(Self { old_secret_expires_in: overlap.unwrap_or(DEFAULT_OVERLAP) })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "readers of members take the value")]
fn seconds(value: Value) -> Result<TimeDelta, MemberError> {
    let most = MAX_OVERLAP.num_seconds();
    let words = || format!("This takes a whole number of seconds from 0 to {most}.");
    if !value.is_number() {
        return Err(MemberError("wrong_type", words()));
    }
    let number = value.as_i64().filter(|number| (0..=most).contains(number));
    number.map(TimeDelta::seconds).ok_or_else(|| MemberError("out_of_range", words()))
}

errors! {
    RotateErrors:
    FORBIDDEN = "the token lacks `clients:manage`";
    SCOPE_EXCEEDS_YOURS = "the client may do more than the token does";
    NOT_FOUND = "there is no such client, or this token may not see it";
    API_CLIENT_REVOKED;
    API_CLIENT_EXPIRED;
}

/// Give an API client a new secret
///
/// The answer shows the new `secret`, once. The secret before it works for `old_secret_expires_in` seconds
/// more, a day by default, so that the partner can replace it without a pause. A client has at most two
/// secrets: rotated again before that time, the oldest one stops working at once. Tokens that were issued
/// stay valid for their quarter of an hour; revoke the client where its secret was stolen and it must stop at
/// once.
#[utoipa::path(
    tag = "API clients",
    operation_id = "rotateApiClientSecret",
    params(("id" = ClientId, Path, description = "The client.")),
    request_body(content = Option<RotateSecretRequest>, examples(
        ("RotateSecret" = (summary = "The old one works for an hour more", value = json!({
            "old_secret_expires_in": 3600
        }))),
    )),
    responses(
        (status = 200, description = "Rotated. Store `secret` now.", body = ApiClientView, examples(
            ("RotatedApiClient" = (summary = "With two secrets", value = json!(ApiClientView::rotated()))),
        )),
        RotateErrors,
    ),
    security(("access_token" = ["clients:manage"])),
)]
#[post("/v1/api-clients/{id}/rotate")]
pub async fn rotate(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    query.finish()?;
    api_clients::admit(&actor)?;
    let digest = *body.digest();
    let asked = body
        .parse_if_any()
        .and_then(|asked: RotateSecretRequest| Ok((id(&path)?, asked.old_secret_expires_in)));
    let work = async |(state, actor): RequestContext, change, ticket| {
        Ok(api_clients::rotate(&state.services, &actor, change, ticket).await?)
    };
    let authorise = async |(state, actor): RequestContext, (client, _), _: Option<&StoredAnswer>| {
        Ok(api_clients::authorise_rotate(&state.services, &actor, client).await?)
    };
    idempotency_key::once((&request, state, actor), (StatusCode::OK, &digest), asked, authorise, work).await
}
