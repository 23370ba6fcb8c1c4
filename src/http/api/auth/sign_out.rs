//! `POST /v1/auth/sign-out`: ends one session.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};

use super::{
    answer::REFRESH_EXAMPLE,
    refresh_token::{RefreshRequest, given, no_cookie},
};
use crate::http::{
    extract::{json_body::Body, origin::origin, query::Query},
    openapi::errors::errors,
    response::problem::Problem,
    state::State,
};
use crate::services;

errors! {
    SignOutErrors:
    FORBIDDEN =
        "the token is a cookie, and the page's origin is neither this service's nor in `CORS_ORIGINS`";
}

/// Sign out
///
/// Ends the session of the refresh token, which is in the body or the cookie, and with it its access tokens.
/// The cookie is removed. Without a token, or with one whose session has ended, nothing changes.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "signOut",
    request_body(content = Option<RefreshRequest>, examples(
        ("RefreshToken" = (summary = "The token of the last answer", value = json!({
            "refresh_token": REFRESH_EXAMPLE
        }))),
        ("RefreshCookie" = (summary = "The token is a cookie", value = json!({}))),
    )),
    responses(
        (status = 204, description = "The session has ended.", headers(("Set-Cookie"))),
        SignOutErrors,
    ),
    security(()),
)]
#[post("/v1/auth/sign-out")]
pub async fn sign_out(
    request: HttpRequest,
    query: Query,
    body: Body,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    if let Some((token, _)) = given(&request, body, &state)? {
        services::sessions::sign_out(&state.services, &token, origin(&request)).await?;
    }
    Ok(HttpResponse::NoContent().cookie(no_cookie(&state.settings.base_path)).finish())
}
