//! Requests of web pages on other origins: the CORS protocol
//! (<https://fetch.spec.whatwg.org/#http-cors-protocol>).
//!
//! Only the origins of `CORS_ORIGINS` are allowed, compared as a whole. Credentials are allowed, so that a
//! browser may send the cookie of a session; therefore no answer says `*`.

use actix_cors::{Cors, CorsError};
use actix_web::{
    HttpRequest,
    http::{
        Method,
        header::{
            ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, CONTENT_TYPE, ETAG,
            HeaderName, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION, ORIGIN, RETRY_AFTER, VARY,
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
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// Answers preflights on every path, before authentication, and lets pages of these origins read answers.
/// Without origins it does nothing: a preflight is 405.
pub fn middleware(origins: &[String]) -> Condition<Cors> {
    let cors = Cors::default()
        .allowed_methods(METHODS)
        .allowed_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            IDEMPOTENCY_KEY,
            IF_MATCH,
            IF_NONE_MATCH,
            REQUEST_ID,
            TRACE_PARENT,
        ])
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

/// What the answer to a preflight depends on
/// (<https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches>).
const PREFLIGHT_VARIES: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/// The answer to a preflight that is refused. An allowed origin is named in it, so that a refused method or
/// header is not mistaken for a refused origin.
pub fn refusal(error: &CorsError, request: &HttpRequest, origins: &[String]) -> Problem {
    let problem = Problem::new(error_codes::CORS_REFUSED, format!("{error}."));
    let problem = problem.header(VARY, PREFLIGHT_VARIES);
    let origin = request.headers().get(ORIGIN).and_then(|origin| origin.to_str().ok());
    match origin.filter(|origin| origins.iter().any(|allowed| allowed == origin)) {
        Some(origin) => problem
            .header(ACCESS_CONTROL_ALLOW_ORIGIN, origin)
            .header(ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
        None => problem,
    }
}

/// Whether a header is of this protocol, and so belongs to any answer to the request.
pub fn is_of_protocol(name: &HeaderName) -> bool {
    name.as_str().starts_with("access-control-") || *name == VARY
}
