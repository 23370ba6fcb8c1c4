//! Answers that are kept out of caches.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, HeaderName, HeaderValue, REFERRER_POLICY},
};

/// Headers that keep an answer out of caches and its address out of others' logs.
pub const NO_STORE_HEADERS: [(HeaderName, &str); 2] =
    [(CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer")];

/// Seals an answer that has or follows a token, or that is for one caller only.
pub fn sealed(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    for (name, value) in NO_STORE_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
