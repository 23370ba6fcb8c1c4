//! The `User-Agent` header.

use std::borrow::Cow;

use actix_web::{HttpRequest, http::header};

/// The `User-Agent` of a request. Bytes that are not UTF-8 are replaced: a part of the name is better than
/// none.
pub fn user_agent(request: &HttpRequest) -> Option<Cow<'_, str>> {
    request.headers().get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()))
}
