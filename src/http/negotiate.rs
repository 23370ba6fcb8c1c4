//! What a caller accepts (RFC 9110 §12.5.1), asked before anything is done.

use actix_web::{
    Error, HttpMessage,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{Accept, CACHE_CONTROL, HeaderName, Quality, REFERRER_POLICY, q},
    middleware::Next,
};

use super::{codes, problem::Problem};

/// Headers that keep an answer out of caches and its address out of others' logs.
pub const SEAL: [(HeaderName, &str); 2] = [(CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer")];

/// Refuses a request to the API whose answer the caller would not accept.
pub async fn middleware(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    if request.path().starts_with("/v1/") && !accepts_json(&request) {
        // An answer and not an error, which would pass by the middleware that writes problems.
        let refusal = Problem::new(codes::NOT_ACCEPTABLE, "Answers are application/json.");
        return Ok(request.error_response(refusal).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

fn accepts_json(request: &ServiceRequest) -> bool {
    let Some(accept) = request.get_header::<Accept>() else { return true };
    // Of the ranges that take JSON in, the most specific one decides.
    let decisive = accept.iter().filter_map(|range| {
        let precision = match (range.item.type_().as_str(), range.item.subtype().as_str()) {
            ("application", "json") => 3,
            ("application", "problem") => 2,
            ("application", "*") => 1,
            ("*", "*") => 0,
            _ => return None,
        };
        Some((precision, range.quality))
    });
    let decisive: Option<(u8, Quality)> = decisive.max();
    // An empty list, or one that cannot be read, says nothing.
    accept.is_empty() || decisive.is_some_and(|(_, quality)| quality > q(0.0))
}
