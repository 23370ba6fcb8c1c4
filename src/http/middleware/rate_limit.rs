//! How often routes may be called: public ones by network address, the others by caller.
//!
//! Every answer has the headers of IETF `draft-ietf-httpapi-ratelimit-headers-10`: `RateLimit-Policy` and
//! `RateLimit`. Clients that know earlier drafts only may misread them. See
//! findings/ratelimit-header-parser-nan.sh.

pub(in crate::http) mod limiter;
pub(in crate::http) mod limits;
pub(in crate::http) mod policy;

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};

use self::{
    limiter::Share,
    policy::{CallerPolicy, Policy},
};
use super::accept::prefers_csv;
use crate::domain::actor::ActorRef;
use crate::http::{
    extract::client_address::client_address, openapi::routes::Route, response::problem::Problem, state::State,
};

/// Counts every request to a limited public route, valid or not, and adds what remains to the headers of
/// every answer. The page shows a refusal itself; elsewhere the refusal is the answer.
pub async fn middleware(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let state = request.app_data::<Data<State>>().cloned();
    let route = state.as_ref().and_then(|state| state.routes.find(request.request()));
    let checked = state.as_ref().zip(route.and_then(|route| route.policy));
    let checked =
        checked.and_then(|(state, policy)| state.limits.check(policy, client_address(request.request())));
    let is_refused = checked.as_ref().is_some_and(|(_, denied)| denied.is_some());
    if is_refused && route.is_some_and(|route| route.policy == Some(Policy::SignIn)) {
        log_refused_sign_in(request.request());
    }
    let Some((left, denied)) = checked else {
        return Ok(count_by_caller(request, next, route).await?.map_into_left_body());
    };
    let mut answer = match denied {
        Some(problem) if !route.is_some_and(Route::is_page) => {
            request.error_response(problem).map_into_right_body()
        }
        Some(problem) => {
            request.extensions_mut().insert(Denied(problem));
            next.call(request).await?.map_into_left_body()
        }
        None => next.call(request).await?.map_into_left_body(),
    };
    left.write(answer.headers_mut());
    Ok(answer)
}

/// As every other password check, but without its subject: the body is not read.
fn log_refused_sign_in(request: &HttpRequest) {
    let client = client_address(request);
    let outcome = "limited";
    tracing::info!(purpose = "sign_in", subject = "not read", %client, outcome, "password check");
}

/// A request that is counted once its caller is known.
async fn count_by_caller<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
    route: Option<&Route>,
) -> Result<ServiceResponse<B>, Error> {
    // Noted here, where the route is known: it is looked up once for a request.
    let policy = route.and_then(|route| caller_policy(route, request.request()));
    if let Some(policy) = policy {
        request.extensions_mut().insert(policy);
    }
    let mut answer = next.call(request).await?;
    // The extractor of the caller has counted the request.
    let left = answer.request().extensions().get::<Share>().copied();
    if let Some(left) = left {
        left.write(answer.headers_mut());
    }
    Ok(answer)
}

/// Counts a request of an authenticated caller, unless its route is limited by network address. What remains
/// is for the headers of the answer.
///
/// # Errors
/// When the caller has spent its share.
pub fn count_caller(request: &HttpRequest, state: &State, caller: &ActorRef) -> Result<(), Problem> {
    let policy = request.extensions().get::<CallerPolicy>().copied();
    let Some((left, denied)) = policy.and_then(|policy| state.limits.check_caller(policy, caller)) else {
        return Ok(());
    };
    request.extensions_mut().insert(left);
    denied.map_or(Ok(()), Err)
}

/// What a request counts against once its caller is known.
fn caller_policy(route: &Route, request: &HttpRequest) -> Option<CallerPolicy> {
    match route.policy_of_caller(request.method())? {
        // A list as CSV is all of it, at its own path as well as here.
        CallerPolicy::List if prefers_csv(request) => Some(CallerPolicy::Bulk),
        policy => Some(policy),
    }
}

struct Denied(Problem);

/// Why the page must not be shown, if its address has spent its share.
pub fn denied(request: &HttpRequest) -> Option<Problem> {
    request.extensions().get::<Denied>().map(|denied| denied.0.clone())
}
