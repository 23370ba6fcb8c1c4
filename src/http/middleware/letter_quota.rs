//! The quotas of letters in headers (IETF `draft-ietf-httpapi-ratelimit-headers-10`): every answer of a route
//! that sends letters has `RateLimit-Policy` and `RateLimit`. Where no letter was counted, as after an error
//! for another reason, they have all quotas, and what remains for a mailbox without letters.
//!
//! The counts themselves are kept by the services, in the transaction of the letter.

use std::{cell::RefCell, fmt::Write, rc::Rc};

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};

use crate::http::state::State;
use crate::{
    domain::{
        invitation::Invitation,
        letter_quota::{LettersSpent, LimitScope, QuotaStatus, WINDOW},
    },
    services::{ServiceError, invite::Sent},
};

/// The routes that send letters and take an access token, by method and pattern. Those for the holder of a
/// link have the limit by network address.
const ROUTES: [(Method, &str); 10] = [
    (Method::POST, "/v1/system-users/invitations"),
    (Method::POST, "/v1/account-owners/invitations"),
    (Method::POST, "/v1/sub-accounts/invitations"),
    (Method::POST, "/v1/accounts/{account_id}/sub-accounts"),
    (Method::POST, "/v1/invitations/batch"),
    (Method::POST, "/v1/invitations/batch/resend"),
    (Method::PATCH, "/v1/invitations/{id}"),
    (Method::POST, "/v1/invitations/{id}/resend"),
    (Method::POST, "/v1/users/{id}/resend-invitation"),
    (Method::PATCH, "/v1/users/{id}"),
];

/// Whether a route, by its pattern, sends letters.
#[must_use]
pub fn sends_letters(method: &str, pattern: &str) -> bool {
    ROUTES.iter().any(|(known, path)| known.as_str() == method && *path == pattern)
}

/// What remains of the quotas: noted by a handler, for the headers of the answer.
#[derive(Clone, Default)]
pub struct QuotaStatuses(Rc<RefCell<Vec<QuotaStatus>>>);

impl QuotaStatuses {
    /// That of a request. Its route must be in [`ROUTES`]: else its answers would not have the headers.
    pub fn of(request: &HttpRequest) -> Self {
        debug_assert!(
            request.match_pattern().is_some_and(|pattern| sends_letters(request.method().as_str(), &pattern)),
            "{} {:?} sends letters and is not in ROUTES",
            request.method(),
            request.match_pattern()
        );
        request.extensions().get::<Self>().cloned().unwrap_or_default()
    }

    /// Notes these.
    pub fn note(&self, quota_statuses: &[QuotaStatus]) {
        *self.0.borrow_mut() = quota_statuses.to_vec();
    }

    /// Notes what remains after a letter, or after an error.
    pub fn sent(&self, outcome: Result<Sent, ServiceError>) -> Result<Invitation, ServiceError> {
        match outcome {
            Ok(Sent { invitation, quota_statuses }) => {
                self.note(&quota_statuses);
                Ok(invitation)
            }
            Err(refusal) => Err(self.refused(refusal)),
        }
    }

    /// Notes what remains according to an error.
    pub fn refused(&self, refusal: ServiceError) -> ServiceError {
        if let ServiceError::LettersSpent(LettersSpent { quota_statuses, .. }) = &refusal {
            self.note(quota_statuses);
        }
        refusal
    }
}

/// Adds the headers, beside those of the limit of requests.
pub async fn middleware<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let noted = QuotaStatuses::default();
    request.extensions_mut().insert(noted.clone());
    let mut answer = next.call(request).await?;
    let request = answer.request();
    let pattern = request.match_pattern().unwrap_or_default();
    let state = request
        .app_data::<Data<State>>()
        .cloned()
        .filter(|_| sends_letters(request.method().as_str(), &pattern));
    if let Some(state) = state {
        let (limits, noted) = (state.services.rules.letters, noted.0.borrow());
        let applies = |scope: &LimitScope| {
            noted.is_empty() || noted.iter().any(|quota_status| quota_status.scope == *scope)
        };
        let policies = LimitScope::ALL
            .into_iter()
            .filter(applies)
            .filter_map(|scope| Some((scope, limits.quota(scope)?)));
        add(answer.headers_mut(), "ratelimit-policy", policies.map(|(scope, quota)| policy(scope, quota)));
        let unused = |quota| QuotaStatus { scope: LimitScope::Mailbox, quota, remaining: quota, reset: 0 };
        let unused = limits.mailbox.filter(|_| noted.is_empty()).map(unused);
        add(answer.headers_mut(), "ratelimit", noted.iter().chain(unused.as_ref()).map(left));
    }
    Ok(answer)
}

fn policy(scope: LimitScope, quota: u32) -> String {
    format!("\"{}\";q={quota};w={}", scope.as_str(), WINDOW.num_seconds())
}

fn left(quota_status: &QuotaStatus) -> String {
    format!("\"{}\";r={};t={}", quota_status.scope.as_str(), quota_status.remaining, quota_status.reset)
}

/// Puts members before those that a header has: it is a list (RFC 9651 §3.1), and the quotas of letters are
/// the first to be exhausted.
fn add(headers: &mut HeaderMap, name: &'static str, members: impl Iterator<Item = String>) {
    let name = HeaderName::from_static(name);
    let others = headers.get(&name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut value = String::new();
    for member in members.chain(others) {
        let comma = if value.is_empty() { "" } else { ", " };
        // Writing into a `String` does not fail.
        let _ = write!(value, "{comma}{member}");
    }
    if let Some(value) = HeaderValue::from_str(&value).ok().filter(|value| !value.is_empty()) {
        headers.insert(name, value);
    }
}
