//! `POST /v1/auth/refresh`: continues a session.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};

use super::{
    answer::{AccessToken, REFRESH_EXAMPLE, tokens},
    refresh_token::{RefreshRequest, given},
};
use crate::http::{
    extract::{json_body::Body, origin::origin, query::Query},
    openapi::errors::errors,
    response::problem::Problem,
    state::State,
};
use crate::services::{self, ServiceError};

errors! {
    RefreshErrors:
    SESSION_ENDED = "no refresh token, none that is genuine, or its session has ended";
    REFRESH_REUSED = "the refresh token was spent before; its session is ended now";
    FORBIDDEN =
        "the token is a cookie, and the page's origin is neither this service's nor in `CORS_ORIGINS`";
}

/// Refresh a session
///
/// Spends the refresh token for a new access token and a new refresh token, which is returned the way the old
/// one was sent: in the body, or as the cookie. The access token has the person's present roles and accounts.
/// For 10 seconds more the spent token gets the same refresh token again, in case the answer was lost or
/// several pages refresh at once. Used later it ends the session, and with it every access token of it, since
/// it may have been copied (RFC 9700 §4.14).
#[utoipa::path(
    tag = "Signing in",
    operation_id = "refreshSession",
    request_body(content = Option<RefreshRequest>, examples(
        ("RefreshToken" = (summary = "The token of the last answer", value = json!({
            "refresh_token": REFRESH_EXAMPLE
        }))),
        ("RefreshCookie" = (summary = "The token is a cookie", value = json!({}))),
    )),
    responses(
        (
            status = 200, description = "Refreshed.", body = AccessToken,
            headers(("Set-Cookie"), ("Pragma")), examples(
                ("AccessToken" = (
                    summary = "For a quarter of an hour", value = json!(AccessToken::example())
                )),
            )
        ),
        RefreshErrors,
    ),
    security(()),
)]
#[post("/v1/auth/refresh")]
pub async fn refresh(
    request: HttpRequest,
    query: Query,
    body: Body,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let (token, transport) = given(&request, body, &state)?.ok_or(ServiceError::SessionEnded)?;
    let signed_in = services::sessions::refresh(&state.services, token, &origin(&request)).await?;
    Ok(tokens(&state.settings.base_path, &signed_in, transport))
}
