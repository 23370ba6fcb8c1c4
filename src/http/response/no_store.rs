//! Answers that are kept out of caches.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, HeaderName, HeaderValue, PRAGMA, REFERRER_POLICY},
};

/// Headers that keep an answer out of caches and its address out of others' logs.
pub const NO_STORE_HEADERS: [(HeaderName, &str); 2] =
    [(CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer")];

/// What answers with tokens have beside it, for caches of HTTP/1.0 (RFC 6749 §5.1).
pub const NO_CACHE: (HeaderName, &str) = (PRAGMA, "no-cache");

/// Seals an answer that has or follows a token, or that is for one caller only.
pub fn sealed(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    for (name, value) in NO_STORE_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
