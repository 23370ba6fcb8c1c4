//! How often the public routes may be called, by network address.
//!
//! Told with every answer as IETF `draft-ietf-httpapi-ratelimit-headers-10` has it: `RateLimit-Policy` and `RateLimit`.

mod limiter;

use std::{num::NonZeroU32, time::Duration};

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
    middleware::Next,
    web::Data,
};

use self::limiter::{Limiter, Share};
use crate::http::{
    State,
    extract::client_address::client_address,
    openapi::Route,
    response::{error_codes, problem::Problem},
};
use crate::{clock::Clock, domain::client_address::ClientAddress};

/// What a limited route counts against: each so many requests a minute, and as many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// What takes the token of a link, or sends mail.
    Public,
    /// What takes a person's password for an access token. Whoever is no program needs few of these.
    SignIn,
    /// Reports of mail providers, which send many from few addresses.
    MailEvents,
}

impl Policy {
    const ALL: [Self; 3] = [Self::Public, Self::SignIn, Self::MailEvents];

    /// The name that headers use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::SignIn => "sign-in",
            Self::MailEvents => "mail-events",
        }
    }

    /// So many requests a minute, and as many at once.
    pub const fn quota(self) -> NonZeroU32 {
        const PUBLIC: NonZeroU32 = NonZeroU32::new(300).unwrap();
        const SIGN_IN: NonZeroU32 = NonZeroU32::new(10).unwrap();
        const MAIL_EVENTS: NonZeroU32 = NonZeroU32::new(6000).unwrap();
        match self {
            Self::Public => PUBLIC,
            Self::SignIn => SIGN_IN,
            Self::MailEvents => MAIL_EVENTS,
        }
    }
}

/// The paths of the contract that are limited: every path that is called without an access token, but for operations'.
const LIMITED: [(&str, Policy); 8] = [
    ("/v1/activations", Policy::Public),
    ("/v1/activations/preview", Policy::Public),
    ("/v1/activations/renew", Policy::Public),
    ("/v1/auth/token", Policy::SignIn),
    ("/v1/mail-events/{provider}", Policy::MailEvents),
    ("/activate", Policy::Public),
    ("/activate/renew", Policy::Public),
    ("/activate/unsubscribe", Policy::Public),
];

/// How a path of the contract is limited.
pub fn policy(path: &str) -> Option<Policy> {
    LIMITED.iter().find(|(limited, _)| *limited == path).map(|(_, policy)| *policy)
}

/// The limits of the public routes; none when they are switched off.
pub struct Limits(Option<[Limiter; Policy::ALL.len()]>);

impl Limits {
    pub(in crate::http) fn new(on: bool, clock: &Clock) -> Self {
        Self(on.then(|| Policy::ALL.map(|policy| Limiter::new(policy, clock))))
    }

    /// Counts a request of this client: what is left, and why it is refused when nothing was.
    fn check(&self, policy: Policy, client: ClientAddress) -> Option<(Share, Option<Problem>)> {
        let limiter = &self.0.as_ref()?[policy as usize];
        Some(match limiter.check(client) {
            Ok(left) => (left, None),
            Err(wait) => {
                let seconds = whole_seconds(wait);
                let detail = format!("Too many requests from your address. Try again in {seconds} s.");
                let problem = Problem::new(error_codes::RATE_LIMITED, detail).header(RETRY_AFTER, seconds.to_string());
                (limiter.left(0), Some(problem))
            }
        })
    }
}

/// As `Retry-After` has it: never too early.
fn whole_seconds(wait: Duration) -> u64 {
    (wait + Duration::from_millis(999)).as_secs().max(1)
}

impl Share {
    fn write(&self, headers: &mut HeaderMap) {
        let (name, quota) = (self.policy.name(), self.policy.quota());
        let values = [
            ("ratelimit-policy", format!("\"{name}\";q={quota};w=60")),
            ("ratelimit", format!("\"{name}\";r={};t={}", self.remaining, self.reset)),
        ];
        for (name, value) in values {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// Counts every request to a limited route, whatever else is wrong with it, and tells what is left with every answer. The
/// page is told of a refusal and shows it; elsewhere it is the answer.
pub async fn middleware(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let state = request.app_data::<Data<State>>().cloned();
    let route = state.as_ref().and_then(|state| state.routes.find(request.request()));
    let checked = state.as_ref().zip(route.and_then(|route| route.policy));
    let checked = checked.and_then(|(state, policy)| state.limits.check(policy, client_address(request.request())));
    let is_refused = checked.as_ref().is_some_and(|(_, denied)| denied.is_some());
    if is_refused && route.is_some_and(|route| route.policy == Some(Policy::SignIn)) {
        // As each other try is told, but for whose it is: the body is not read.
        let client = client_address(request.request());
        tracing::info!(purpose = "sign_in", subject = "not read", %client, outcome = "limited", "password check");
    }
    let Some((left, denied)) = checked else { return Ok(next.call(request).await?.map_into_left_body()) };
    let mut answer = match denied {
        Some(problem) if !route.is_some_and(Route::is_page) => request.error_response(problem).map_into_right_body(),
        Some(problem) => {
            request.extensions_mut().insert(Denied(problem));
            next.call(request).await?.map_into_left_body()
        }
        None => next.call(request).await?.map_into_left_body(),
    };
    left.write(answer.headers_mut());
    Ok(answer)
}

struct Denied(Problem);

/// Why the page must not be shown, if its address has spent its share.
pub fn denied(request: &HttpRequest) -> Option<Problem> {
    request.extensions().get::<Denied>().map(|denied| denied.0.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::openapi::security::SecurityRequirement;

    /// A route that anybody may call is found here the day it is written.
    #[test]
    fn every_public_operation_is_limited_but_for_those_of_operations() {
        let document = crate::http::document();
        for (path, item) in &document.paths.paths {
            let operations = [&item.get, &item.post, &item.put, &item.patch, &item.delete];
            let is_public = operations.into_iter().flatten().any(|operation| {
                operation.security.as_ref().is_none_or(|all| all.iter().all(|one| *one == SecurityRequirement::default()))
            });
            let expected = is_public && (path.starts_with("/v1/") || path.starts_with("/activate"));
            assert_eq!(policy(path).is_some(), expected, "{path}");
        }
        assert!(LIMITED.iter().all(|(path, _)| document.paths.paths.contains_key(*path)));
    }
}
