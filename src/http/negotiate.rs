//! What a caller accepts (RFC 9110 §12.5.1), asked before anything is done.

use actix_web::{
    Error, HttpMessage, HttpRequest,
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
    // The path as routes are found by: its escapes are undone.
    if request.match_info().as_str().starts_with("/v1/") && !acceptable(&request) {
        // An answer and not an error, which would pass by the middleware that writes problems.
        let refusal = Problem::new(codes::NOT_ACCEPTABLE, "Answers are application/json.");
        return Ok(request.error_response(refusal).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// The one answer that has a second form.
const EXPORTED: &str = "/v1/users";

fn acceptable(request: &ServiceRequest) -> bool {
    let Some(accept) = request.get_header::<Accept>() else { return true };
    accepts_json(&accept) || (request.match_info().as_str() == EXPORTED && csv_quality(&accept) > q(0.0))
}

/// Whether a caller would rather have CSV: it names it, and gives it at least the weight of JSON.
pub fn prefers_csv(request: &HttpRequest) -> bool {
    let Some(accept) = request.get_header::<Accept>() else { return false };
    let json = accept.iter().filter(|range| range.item.essence_str() == "application/json").map(|range| range.quality).max();
    let csv = csv_quality(&accept);
    csv > q(0.0) && json.is_none_or(|json| csv >= json)
}

fn csv_quality(accept: &Accept) -> Quality {
    let named = accept.iter().filter(|range| range.item.essence_str() == "text/csv").map(|range| range.quality);
    named.max().unwrap_or(q(0.0))
}

fn accepts_json(accept: &Accept) -> bool {
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
