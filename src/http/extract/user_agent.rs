//! The `User-Agent` header.

use std::borrow::Cow;

use actix_web::{HttpRequest, http::header};

/// Who looks, as far as they say. What is no UTF-8 in it is replaced: half a name tells more than none.
pub fn user_agent(request: &HttpRequest) -> Option<Cow<'_, str>> {
    request.headers().get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()))
}
