//! Records requests that an authenticated caller's token did not allow, for every route.

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
    web::Data,
};
use serde_json::json;

use super::request_log::AuthenticatedCaller;
use crate::http::{response::problem::Problem, state::State};
use crate::{domain::ids::is_id, services::audit};

/// Records 403 answers. Answers about what the caller may not see are 404, as for what does not exist, and
/// are not recorded.
pub async fn middleware<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let answer = next.call(request).await?;
    if answer.status() == StatusCode::FORBIDDEN {
        record(&answer).await;
    }
    Ok(answer)
}

async fn record<B>(answer: &ServiceResponse<B>) {
    let request = answer.request();
    let caller = request.extensions().get::<AuthenticatedCaller>().map(|caller| caller.0.clone());
    let code = answer
        .response()
        .error()
        .and_then(|error| error.as_error::<Problem>())
        .map(|problem| problem.code.code);
    let (Some(caller), Some(state)) = (caller, request.app_data::<Data<State>>().cloned()) else { return };
    let details =
        json!({ "method": request.method().as_str(), "route": request.match_pattern(), "code": code });
    // A text that is no id is the caller's own, and is not kept.
    let object = request.match_info().iter().map(|(_, value)| value).find(|value| is_id(value));
    audit::denied(&state.services, caller, object.map(str::to_owned), details).await;
}
