//! The refresh token in a request: a member of the body, or a cookie.

use std::time::Duration;

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time},
    http::header,
};
use utoipa::ToSchema;

use crate::domain::{
    base_path::BasePath,
    session::{RefreshToken, RefreshTransport},
};
use crate::http::{
    extract::{
        json_body::Body,
        members::{self, Members},
    },
    response::{error_codes, problem::Problem},
    state::State,
};

/// The cookie of the refresh token. The prefix makes browsers accept it for this host alone, over https alone
/// (RFC 6265bis §4.1.3.2); it demands the path `/`.
const COOKIE: &str = "__Host-refresh";
/// The same below a base path, and for that path: it is not sent to other things on the host, and a second
/// service of this kind has its own. Browsers accept it over https alone (RFC 6265bis §4.1.3.1).
const COOKIE_BELOW: &str = "__Secure-refresh";

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

/// The name and the path of the cookie.
fn scope(base: &BasePath) -> (&'static str, &str) {
    if base.is_empty() { (COOKIE, "/") } else { (COOKIE_BELOW, base.as_str()) }
}

/// The cookie with this token, for so long.
pub(super) fn cookie(base: &BasePath, token: &str, lifetime: Duration) -> Cookie<'static> {
    let (name, path) = scope(base);
    Cookie::build(name, token.to_owned())
        .path(path.to_owned())
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(time::Duration::seconds(i64::try_from(lifetime.as_secs()).unwrap_or_default()))
        .finish()
}

/// The cookie that removes the one before.
pub(super) fn no_cookie(base: &BasePath) -> Cookie<'static> {
    cookie(base, "", Duration::ZERO)
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
    let Some(cookie) = request.cookie(scope(&state.settings.base_path).0) else { return Ok(None) };
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
        origin == settings.origin.as_bytes()
            || settings.cors_origins.iter().any(|one| one.as_bytes() == origin)
    })
}
