//! The counters of all policies, and their headers.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};

use super::{
    limiter::{ClientLimiter, Counter, Published, Share},
    policy::{CallerPolicy, Policy},
};
use crate::http::response::{error_codes, problem::Problem};
use crate::{
    clock::Clock,
    domain::{actor::ActorRef, client_address::ClientAddress},
};

/// The limits of all routes; none when they are switched off.
pub struct Limits {
    limiters: Option<Limiters>,
    hasher: RandomState,
}

struct Limiters {
    of_clients: [ClientLimiter; Policy::ALL.len()],
    of_callers: [Counter<u64>; CallerPolicy::ALL.len()],
}

/// What is left, and why a request is refused when nothing was.
pub(super) type Checked = (Share, Option<Problem>);

impl Limits {
    pub(in crate::http) fn new(on: bool, clock: &Clock) -> Self {
        let limiters = on.then(|| Limiters {
            of_clients: Policy::ALL.map(|policy| ClientLimiter::new(policy.quota(), clock)),
            of_callers: CallerPolicy::ALL.map(|policy| Counter::of_callers(policy.quota(), clock)),
        });
        Self { limiters, hasher: RandomState::new() }
    }

    /// Counts a request of this client.
    pub(super) fn check(&self, policy: Policy, client: ClientAddress) -> Option<Checked> {
        let counted = self.limiters.as_ref()?.of_clients[policy as usize].check(client);
        let published = Published { name: policy.as_str(), quota: policy.quota() };
        Some(outcome(published, counted, "from your address"))
    }

    /// Counts a request of this caller, whatever the token.
    pub(super) fn check_caller(&self, policy: CallerPolicy, caller: &ActorRef) -> Option<Checked> {
        let key = self.hasher.hash_one((caller.kind.as_str(), &caller.id));
        let counted = self.limiters.as_ref()?.of_callers[policy as usize].count(&key);
        let published = Published { name: policy.as_str(), quota: policy.quota() };
        Some(outcome(published, counted, "of yours"))
    }
}

fn outcome(policy: Published, counted: Result<u32, Duration>, whose: &str) -> Checked {
    match counted {
        Ok(remaining) => (Share::of(policy, remaining), None),
        Err(wait) => {
            let seconds = whole_seconds(wait);
            let detail = format!("Too many requests {whose}. Try again in {seconds} s.");
            let problem =
                Problem::new(error_codes::RATE_LIMITED, detail).header(RETRY_AFTER, seconds.to_string());
            (Share::of(policy, 0), Some(problem))
        }
    }
}

/// As `Retry-After` has it: never too early.
fn whole_seconds(wait: Duration) -> u64 {
    (wait + Duration::from_millis(999)).as_secs().max(1)
}

impl Share {
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let Published { name, quota } = self.policy;
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
