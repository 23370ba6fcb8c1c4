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
use quick_cache::sync::Cache;

use super::policy::Policy;
use crate::{clock::Clock, domain::client_address::ClientAddress};

/// So many clients are counted at once, and as many networks; those that were quiet longest are forgotten
/// first.
const MAX_CLIENTS: usize = 50_000;
/// So many callers are counted at once for each policy. They are authenticated: nobody makes up so many to
/// have their own count forgotten.
const MAX_CALLERS: usize = 10_000;
/// A network of IPv6 (a /48 holds 65,536 times a /64) may call so many times as often as one client.
const NETWORK_FACTOR: NonZeroU32 = NonZeroU32::new(4).unwrap();

type Counter<K> = RateLimiter<K, BoundedStore<K>, GovernorClock, StateInformationMiddleware>;

/// The counts of one policy.
pub(super) struct Limiter {
    policy: Policy,
    clock: Clock,
    hosts: Counter<IpNet>,
    networks: Counter<IpNet>,
    callers: Counter<u64>,
}

/// What remains for a client or a caller, for headers.
#[derive(Clone, Copy)]
pub struct Share {
    /// What is counted.
    pub policy: Policy,
    /// How many requests remain.
    pub remaining: u32,
    /// In how many seconds all of them do again.
    pub reset: u64,
}

impl Limiter {
    pub(super) fn new(policy: Policy, clock: &Clock) -> Self {
        let hosts = counter(policy.quota(), MAX_CLIENTS, clock);
        let networks = counter(policy.quota().saturating_mul(NETWORK_FACTOR), MAX_CLIENTS, clock);
        let callers = counter(policy.quota(), MAX_CALLERS, clock);
        Self { policy, clock: clock.clone(), hosts, networks, callers }
    }

    /// Counts a request of an authenticated caller, by a hash of who that is.
    ///
    /// # Errors
    /// How long to wait when the caller has spent its share.
    pub(super) fn check_caller(&self, caller: u64) -> Result<Share, Duration> {
        Ok(self.left(self.count(&self.callers, &caller)?))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait when the client, or its network, has spent its share.
    pub(super) fn check(&self, client: ClientAddress) -> Result<Share, Duration> {
        let mut remaining = self.count(&self.hosts, &client.host())?;
        if client.address().is_ipv6() {
            remaining = remaining.min(self.count(&self.networks, &client.network())?);
        }
        Ok(self.left(remaining))
    }

    /// The headers' values when so many requests remain.
    pub(super) fn left(&self, remaining: u32) -> Share {
        let quota = self.policy.quota().get();
        let spent = u64::from(quota.saturating_sub(remaining));
        Share { policy: self.policy, remaining, reset: (spent * 60).div_ceil(u64::from(quota)) }
    }

    fn count<K: Clone + Eq + Hash>(&self, counter: &Counter<K>, key: &K) -> Result<u32, Duration> {
        match counter.check_key(key) {
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

fn counter<K: Clone + Eq + Hash>(quota: NonZeroU32, most: usize, clock: &Clock) -> Counter<K> {
    let quota = Quota::per_minute(quota);
    RateLimiter::new(quota, BoundedStore(Cache::new(most)), GovernorClock(clock.clone()))
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
    use chrono::{DateTime, TimeDelta};

    #[test]
    fn a_burst_then_a_steady_rate_for_each_host_and_each_network() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let limiter = Limiter::new(Policy::SignIn, &clock);
        let client = |text: &str| ClientAddress::new(text.parse().unwrap());
        let ada = client("203.0.113.7");
        let left: Vec<u32> =
            (0..10).map(|_| limiter.check(ada).map(|left| left.remaining).unwrap()).collect();
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
        let limiter = Limiter::new(Policy::Public, &Clock::manual(DateTime::UNIX_EPOCH));
        for number in 0..2 * u32::try_from(MAX_CLIENTS).unwrap() {
            let _ = limiter.check(ClientAddress::new(std::net::Ipv4Addr::from(number << 8).into()));
        }
        assert!(limiter.hosts.into_state_store().0.len() <= MAX_CLIENTS);
    }
}
