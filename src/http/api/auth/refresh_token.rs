//! The refresh token in a request: a member of the body, or a cookie.

use std::time::Duration;

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time},
    http::header,
};
use utoipa::ToSchema;

use crate::domain::session::{RefreshToken, RefreshTransport};
use crate::http::{
    extract::{
        json_body::Body,
        members::{self, Members},
    },
    response::{error_codes, problem::Problem},
    state::State,
};

/// The cookie of the refresh token. The prefix makes browsers accept it for this host alone, over https alone
/// (RFC 6265bis §4.1.3.2).
const COOKIE: &str = "__Host-refresh";

/// A refresh token.
#[derive(ToSchema)]
pub struct RefreshRequest {
    /// The token; left out where it is a cookie.
    #[schema(value_type = Option<String>)]
    refresh_token: Option<RefreshToken>,
}

impl members::Request for RefreshRequest {
    fn read(members: &mut Members) -> Option<Self> {
        let token =
            members.optional("refresh_token", |value| Ok(RefreshToken::from_text(members::text(value)?)));
        Some(Self { refresh_token: token })
    }
}

/// The cookie with this token, for so long.
pub(super) fn cookie(token: &str, lifetime: Duration) -> Cookie<'static> {
    Cookie::build(COOKIE, token.to_owned())
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(time::Duration::seconds(i64::try_from(lifetime.as_secs()).unwrap_or_default()))
        .finish()
}

/// The cookie that removes the one before.
pub(super) fn no_cookie() -> Cookie<'static> {
    cookie("", Duration::ZERO)
}

/// The token of a request, and how it was sent. One in the body takes precedence.
///
/// # Errors
/// 403 for a cookie that a page of another origin sends: `SameSite` allows origins of the same site.
pub(super) fn given(
    request: &HttpRequest,
    body: Body,
    state: &State,
) -> Result<Option<(RefreshToken, RefreshTransport)>, Problem> {
    let RefreshRequest { refresh_token } = body.parse_if_any()?;
    if let Some(token) = refresh_token {
        return Ok(Some((token, RefreshTransport::Body)));
    }
    let Some(cookie) = request.cookie(COOKIE) else { return Ok(None) };
    if !is_of_our_page(request, state) {
        let detail = "The cookie of a session is taken from pages of this service and of CORS_ORIGINS alone.";
        return Err(Problem::new(error_codes::FORBIDDEN, detail));
    }
    Ok(Some((RefreshToken::from_text(cookie.value().to_owned()), RefreshTransport::Cookie)))
}

/// Whether a request comes from an allowed page. Browsers send `Origin` with every POST of a page; other
/// programs send none.
fn is_of_our_page(request: &HttpRequest, state: &State) -> bool {
    let settings = &state.settings;
    request.headers().get_all(header::ORIGIN).all(|origin| {
        let origin = origin.as_bytes();
        origin == settings.public_url.as_bytes()
            || settings.cors_origins.iter().any(|one| one.as_bytes() == origin)
    })
}
