//! Requests of web pages on other origins: the CORS protocol
//! (<https://fetch.spec.whatwg.org/#http-cors-protocol>).
//!
//! Only the origins of `CORS_ORIGINS` are allowed, compared as a whole. Credentials are allowed, so that a
//! browser may send the cookie of a session; therefore no answer says `*`.

use actix_cors::{Cors, CorsError};
use actix_web::{
    http::{
        Method,
        header::{
            AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION,
            RETRY_AFTER, VARY,
        },
    },
    middleware::Condition,
};

use crate::http::response::{error_codes, problem::Problem};

/// The methods of the API. `HEAD` comes with `GET`.
const METHODS: [Method; 5] = [Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE];
/// How long a browser may reuse the answer to a preflight, in seconds: the longest that Chromium allows.
const MAX_AGE: usize = 7200;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers preflights on every path, before authentication, and lets pages of these origins read answers.
/// Without origins it does nothing: a preflight is 405.
pub fn middleware(origins: &[String]) -> Condition<Cors> {
    let cors = Cors::default()
        .allowed_methods(METHODS)
        .allowed_headers([AUTHORIZATION, CONTENT_TYPE, IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, REQUEST_ID])
        .expose_headers([
            ETAG,
            LOCATION,
            LINK,
            RETRY_AFTER,
            RATE_LIMIT,
            RATE_LIMIT_POLICY,
            REQUEST_ID,
            IDEMPOTENCY_REPLAYED,
        ])
        .supports_credentials()
        .max_age(MAX_AGE)
        // A request of another origin is answered as without CORS; its page cannot read the answer.
        .block_on_origin_mismatch(false);
    let cors = origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin));
    Condition::new(!origins.is_empty(), cors)
}

/// The answer to a preflight that is refused.
pub fn refusal(error: &CorsError) -> Problem {
    Problem::new(error_codes::CORS_REFUSED, format!("{error}."))
}

/// Whether a header is of this protocol, and so belongs to any answer to the request.
pub fn is_of_protocol(name: &HeaderName) -> bool {
    name.as_str().starts_with("access-control-") || *name == VARY
}
