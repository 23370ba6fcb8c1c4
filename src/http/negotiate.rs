//! What a caller accepts (RFC 9110 §12.5.1), asked before anything is done.

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{Accept, CACHE_CONTROL, HeaderName, REFERRER_POLICY},
    middleware::Next,
};

use super::{codes, problem::Problem};

/// Headers that keep an answer out of caches and its address out of others' logs.
pub const SEAL: [(HeaderName, &str); 2] = [(CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer")];

/// Refuses a request to the API whose answer the caller would not accept.
pub async fn middleware(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if request.path().starts_with("/v1/") && !accepts_json(&request) {
        return Err(Problem::new(codes::NOT_ACCEPTABLE, "Answers are application/json.").into());
    }
    next.call(request).await
}

fn accepts_json(request: &ServiceRequest) -> bool {
    let Some(accept) = request.get_header::<Accept>() else { return true };
    // An empty list, or one that cannot be read, says nothing.
    accept.is_empty()
        || accept.iter().any(|range| {
            let range_type = (range.item.type_().as_str(), range.item.subtype().as_str());
            let ours = matches!(range_type, ("*", "*") | ("application", "*" | "json" | "problem"));
            ours && range.quality > actix_web::http::header::q(0.0)
        })
}
