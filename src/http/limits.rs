//! How often the public routes may be called, by network address: GCRA, from a well-kept crate.
//!
//! Told with every answer as IETF `draft-ietf-httpapi-ratelimit-headers-10` has it: `RateLimit-Policy` and `RateLimit`.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue, RETRY_AFTER},
    middleware::Next,
    web::Data,
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use ipnet::IpNet;

use super::{State, codes, problem::Problem};

/// So many requests a minute, and as many at once.
const A_MINUTE: NonZeroU32 = NonZeroU32::new(300).unwrap();
/// After so many requests, addresses that have been quiet are forgotten.
const SWEEP: u32 = 10_000;

type Limiter = RateLimiter<IpAddr, DashMapStateStore<IpAddr>, DefaultClock, StateInformationMiddleware>;

/// The limit of the public routes.
pub struct Limits {
    limiter: Option<Limiter>,
    trusted: Vec<IpNet>,
    asked: AtomicU32,
}

/// What is left, as told in headers.
pub struct Standing {
    remaining: u32,
    seconds: u64,
}

impl Limits {
    pub(super) fn new(on: bool, trusted: Vec<IpNet>) -> Self {
        let limiter = || RateLimiter::dashmap(Quota::per_minute(A_MINUTE)).with_middleware();
        Self { limiter: on.then(limiter), trusted, asked: AtomicU32::new(0) }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// 429 when the caller's address has spent its share.
    fn check(&self, request: &HttpRequest) -> Result<Option<Standing>, (Standing, Problem)> {
        let Some(limiter) = &self.limiter else { return Ok(None) };
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            limiter.retain_recent();
        }
        match limiter.check_key(&self.origin(request)) {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity();
                Ok(Some(Standing { remaining, seconds: u64::from(A_MINUTE.get() - remaining).div_ceil(5) }))
            }
            Err(denied) => {
                let wait = denied.wait_time_from(DefaultClock::default().now());
                let seconds = (wait + Duration::from_millis(999)).as_secs().max(1);
                let detail = format!("Too many requests from your address. Try again in {seconds} s.");
                let problem = Problem::new(codes::RATE_LIMITED, detail).header(RETRY_AFTER, seconds.to_string());
                Err((Standing { remaining: 0, seconds }, problem))
            }
        }
    }

    /// The address that a request came from. `X-Forwarded-For` is believed as far as its writers are trusted: from its end
    /// back to the first address that is no proxy of ours.
    fn origin(&self, request: &HttpRequest) -> IpAddr {
        let trusted = |address: &IpAddr| self.trusted.iter().any(|net| net.contains(address));
        let mut origin = request.peer_addr().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
        let headers: Vec<&str> = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok()).collect();
        let hops = headers.iter().flat_map(|value| value.split(',')).map(|hop| hop.trim().parse::<IpAddr>());
        for hop in hops.rev() {
            let Some(hop) = hop.ok().filter(|_| trusted(&origin)) else { break };
            origin = hop.to_canonical();
        }
        match origin {
            // One customer of an IPv6 provider holds at least a /64.
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
            v4 @ IpAddr::V4(_) => v4,
        }
    }
}

impl Standing {
    fn headers(&self) -> [(HeaderName, String); 2] {
        [
            (HeaderName::from_static("ratelimit-policy"), format!("\"public\";q={A_MINUTE};w=60")),
            (HeaderName::from_static("ratelimit"), format!("\"public\";r={};t={}", self.remaining, self.seconds)),
        ]
    }
}

/// The public routes that take a secret, or send mail.
const LIMITED: [&str; 6] =
    ["/v1/activations", "/v1/activations/preview", "/v1/activations/renew", "/v1/auth/token", "/activate", "/activate/renew"];

/// Whether a path is limited.
pub fn is_limited(path: &str) -> bool {
    LIMITED.contains(&path)
}

/// Counts every request to a limited route, whatever else is wrong with it, and tells what is left with every answer. The
/// page is told of a refusal and shows it; elsewhere it is the answer.
pub async fn middleware(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let state = request.app_data::<Data<State>>().cloned().filter(|_| is_limited(request.path()));
    let Some(state) = state else { return Ok(next.call(request).await?.map_into_left_body()) };
    let outcome = state.limits.check(request.request());
    let (standing, denied) = match outcome {
        Ok(standing) => (standing, None),
        Err((standing, problem)) => (Some(standing), Some(problem)),
    };
    let mut answer = match denied {
        Some(problem) if !request.path().starts_with("/activate") => request.error_response(problem).map_into_right_body(),
        Some(problem) => {
            request.extensions_mut().insert(Denied(problem));
            next.call(request).await?.map_into_left_body()
        }
        None => next.call(request).await?.map_into_left_body(),
    };
    for (name, value) in standing.iter().flat_map(Standing::headers) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers_mut().insert(name, value);
        }
    }
    Ok(answer)
}

struct Denied(Problem);

/// Why the page must not be shown, if its address has spent its share.
pub fn denied(request: &HttpRequest) -> Option<Problem> {
    request.extensions().get::<Denied>().map(|denied| denied.0.clone())
}
