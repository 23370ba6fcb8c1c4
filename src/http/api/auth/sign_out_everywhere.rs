//! `POST /v1/auth/sign-out-everywhere`: ends all sessions of the caller.

use actix_web::{HttpResponse, post};

use super::refresh_token::no_cookie;
use crate::http::{
    extract::{command::Command, idempotency_key, json_body::EmptyRequest},
    openapi::errors::errors,
    response::problem::Problem,
};
use crate::services;

errors! {
    EverywhereErrors:
    IDEMPOTENCY_KEY_INVALID;
    FORBIDDEN = "the token is not a person's";
}

/// Sign out everywhere
///
/// Ends all sessions of the caller, and with them all their access tokens, the one of this request too. An
/// `Idempotency-Key` is checked and has no effect.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "signOutEverywhere",
    request_body(content = Option<EmptyRequest>, examples(
        ("Empty" = (summary = "No member is needed", value = json!({}))),
    )),
    responses(
        (status = 204, description = "All sessions have ended.", headers(("Set-Cookie"))),
        EverywhereErrors,
    ),
    security(("access_token" = [])),
)]
#[post("/v1/auth/sign-out-everywhere")]
pub async fn sign_out_everywhere(command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    idempotency_key::check(&request)?;
    query.finish()?;
    body.expect_none()?;
    services::sessions::sign_out_everywhere(&state.services, &actor).await?;
    Ok(HttpResponse::NoContent().cookie(no_cookie(&state.settings.base_path)).finish())
}
