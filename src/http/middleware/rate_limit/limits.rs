//! The counters of all policies, and their headers.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};

use super::{
    limiter::{Limiter, Share},
    policy::Policy,
};
use crate::http::response::{error_codes, problem::Problem};
use crate::{
    clock::Clock,
    domain::{actor::ActorRef, client_address::ClientAddress},
};

/// The limits of all routes; none when they are switched off.
pub struct Limits {
    limiters: Option<[Limiter; Policy::ALL.len()]>,
    hasher: RandomState,
}

impl Limits {
    pub(in crate::http) fn new(on: bool, clock: &Clock) -> Self {
        let limiters = on.then(|| Policy::ALL.map(|policy| Limiter::new(policy, clock)));
        Self { limiters, hasher: RandomState::new() }
    }

    /// Counts a request of this client: what is left, and why it is refused when nothing was.
    pub(super) fn check(&self, policy: Policy, client: ClientAddress) -> Option<(Share, Option<Problem>)> {
        let limiter = &self.limiters.as_ref()?[policy as usize];
        Some(outcome(limiter, limiter.check(client), "from your address"))
    }

    /// Counts a request of this caller, whatever the token: what is left, and why it is refused when nothing
    /// was.
    pub(in crate::http) fn check_caller(
        &self,
        policy: Policy,
        caller: &ActorRef,
    ) -> Option<(Share, Option<Problem>)> {
        let limiter = &self.limiters.as_ref()?[policy as usize];
        let key = self.hasher.hash_one((caller.kind.as_str(), &caller.id));
        Some(outcome(limiter, limiter.check_caller(key), "of yours"))
    }
}

fn outcome(limiter: &Limiter, checked: Result<Share, Duration>, whose: &str) -> (Share, Option<Problem>) {
    match checked {
        Ok(left) => (left, None),
        Err(wait) => {
            let seconds = whole_seconds(wait);
            let detail = format!("Too many requests {whose}. Try again in {seconds} s.");
            let problem =
                Problem::new(error_codes::RATE_LIMITED, detail).header(RETRY_AFTER, seconds.to_string());
            (limiter.left(0), Some(problem))
        }
    }
}

/// As `Retry-After` has it: never too early.
fn whole_seconds(wait: Duration) -> u64 {
    (wait + Duration::from_millis(999)).as_secs().max(1)
}

impl Share {
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let (name, quota) = (self.policy.as_str(), self.policy.quota());
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
