//! How often a client or a caller may call, counted by the generic cell rate algorithm of the crate
//! `governor` in bounded memory.

use std::{
    hash::Hash,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter, clock, middleware::StateInformationMiddleware, nanos::Nanos, state::StateStore,
};
use ipnet::IpNet;
use quick_cache::{UnitWeighter, sync::Cache};

use crate::{clock::Clock, domain::client_address::ClientAddress};

/// So many clients are counted at once, and as many networks; those that were quiet longest are forgotten
/// first.
const MAX_CLIENTS: usize = 50_000;
/// So many callers are counted at once for each policy. They are authenticated: no caller can make up so
/// many others that its own count is forgotten.
const MAX_CALLERS: usize = 10_000;
/// Memory is taken for this number at first, and for more when they come.
const EXPECTED: usize = 256;
/// A network of IPv6 (a /48 holds 65,536 times a /64) may call so many times as often as one client.
const NETWORK_FACTOR: NonZeroU32 = NonZeroU32::new(4).unwrap();

/// A policy as headers publish it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Published {
    /// Its name.
    pub name: &'static str,
    /// So many requests a minute, and as many at once.
    pub quota: NonZeroU32,
}

/// What remains for a client or a caller, for headers.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// What is counted.
    pub(super) policy: Published,
    /// How many requests remain.
    pub(super) remaining: u32,
    /// In how many seconds all of them do again.
    pub(super) reset: u64,
}

impl Share {
    /// The headers' values when so many requests remain.
    pub(super) fn of(policy: Published, remaining: u32) -> Self {
        let quota = policy.quota.get();
        let spent = u64::from(quota.saturating_sub(remaining));
        Self { policy, remaining, reset: (spent * 60).div_ceil(u64::from(quota)) }
    }
}

/// The counts of one policy, by network address.
pub(super) struct ClientLimiter {
    hosts: Counter<IpNet>,
    networks: Counter<IpNet>,
}

impl ClientLimiter {
    pub(super) fn new(quota: NonZeroU32, clock: &Clock) -> Self {
        let counter = |quota| Counter::new(quota, MAX_CLIENTS, clock);
        Self { hosts: counter(quota), networks: counter(quota.saturating_mul(NETWORK_FACTOR)) }
    }

    /// Counts a request, and says how many remain.
    ///
    /// # Errors
    /// How long to wait when the client, or its network, has spent its share.
    pub(super) fn check(&self, client: ClientAddress) -> Result<u32, Duration> {
        let mut remaining = self.hosts.count(&client.host())?;
        if client.address().is_ipv6() {
            remaining = remaining.min(self.networks.count(&client.network())?);
        }
        Ok(remaining)
    }
}

/// Counts of requests by key.
pub(super) struct Counter<K: Clone + Eq + Hash> {
    limiter: RateLimiter<K, BoundedStore<K>, GovernorClock, StateInformationMiddleware>,
    clock: Clock,
}

impl Counter<u64> {
    /// The counts of one policy, by a hash of the caller.
    pub(super) fn of_callers(quota: NonZeroU32, clock: &Clock) -> Self {
        Self::new(quota, MAX_CALLERS, clock)
    }
}

impl<K: Clone + Eq + Hash> Counter<K> {
    fn new(quota: NonZeroU32, most: usize, clock: &Clock) -> Self {
        let store = BoundedStore(Cache::with_weighter(EXPECTED, most as u64, UnitWeighter));
        let limiter = RateLimiter::new(Quota::per_minute(quota), store, GovernorClock(clock.clone()));
        Self { limiter, clock: clock.clone() }
    }

    /// Counts a request, and says how many remain.
    ///
    /// # Errors
    /// How long to wait when the share is spent.
    pub(super) fn count(&self, key: &K) -> Result<u32, Duration> {
        match self.limiter.check_key(key) {
            Ok(snapshot) => Ok(snapshot.remaining_burst_capacity()),
            Err(denied) => Err(denied.wait_time_from(self.clock.elapsed().into())),
        }
    }
}

/// The service's clock as one of `governor`.
struct GovernorClock(Clock);

impl clock::Clock for GovernorClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

/// Counts by block of addresses or by caller, a bounded number of them. A count that is pushed out begins
/// anew.
struct BoundedStore<K>(Cache<K, Arc<Mutex<Option<Nanos>>>>);

impl<K: Clone + Eq + Hash> StateStore for BoundedStore<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let cell = self.0.get_or_insert_with(key, || Ok::<_, std::convert::Infallible>(Arc::default()));
        let cell = cell.unwrap_or_default();
        let mut state = cell.lock().unwrap_or_else(PoisonError::into_inner);
        let (outcome, next) = measure(*state)?;
        *state = Some(next);
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::middleware::rate_limit::policy::Policy;
    use chrono::{DateTime, TimeDelta};

    #[test]
    fn a_burst_then_a_steady_rate_for_each_host_and_each_network() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let limiter = ClientLimiter::new(Policy::SignIn.quota(), &clock);
        let client = |text: &str| ClientAddress::new(text.parse().unwrap());
        let ada = client("203.0.113.7");
        let left: Vec<u32> = (0..10).map(|_| limiter.check(ada).unwrap()).collect();
        assert_eq!(left, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        assert_eq!(limiter.check(ada).err(), Some(Duration::from_secs(6)));
        assert!(limiter.check(client("203.0.113.8")).is_ok(), "a neighbour of IPv4 is somebody else");
        clock.advance(TimeDelta::seconds(6));
        assert!(limiter.check(ada).is_ok());
        assert!(limiter.check(ada).is_err());

        // A /64 is one client, and four of them are a /48's share.
        for site in 0..4 {
            for host in 0..10 {
                assert!(
                    limiter.check(client(&format!("2001:db8:1:{site}::{host}"))).is_ok(),
                    "{site} {host}"
                );
            }
            assert!(limiter.check(client(&format!("2001:db8:1:{site}::ffff"))).is_err());
        }
        assert!(limiter.check(client("2001:db8:1:5::1")).is_err());
        assert!(limiter.check(client("2001:db8:2:5::1")).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = ClientLimiter::new(Policy::Public.quota(), &Clock::manual(DateTime::UNIX_EPOCH));
        for number in 0..2 * u32::try_from(MAX_CLIENTS).unwrap() {
            let _ = limiter.check(ClientAddress::new(std::net::Ipv4Addr::from(number << 8).into()));
        }
        assert!(limiter.hosts.limiter.into_state_store().0.len() <= MAX_CLIENTS);
    }
}
