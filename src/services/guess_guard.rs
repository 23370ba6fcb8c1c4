//! Slows down guessing of a secret: after a few wrong guesses each further one is delayed, longer each time,
//! up to a maximum.
//!
//! Guesses are counted by target and client, by the client alone, and by its network (OWASP Authentication
//! Cheat Sheet, "Login throttling"). They are not counted by the target alone: an attacker could then lock
//! its owner out.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use quick_cache::sync::Cache;

use crate::clock::Clock;

/// The maximum number of counters; those unused for longest are evicted first.
const MAX_COUNTS: usize = 100_000;
/// How long after the last wrong guess a counter is kept.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);
/// The delay after the first wrong guess beyond the free ones; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The number of free wrong guesses, and the longest delay.
#[derive(Debug, Clone, Copy)]
pub struct GuessLimit {
    /// The number of free wrong guesses.
    pub free: u32,
    /// The longest delay.
    pub longest: Duration,
}

impl GuessLimit {
    fn wait(self, failures: u32) -> Duration {
        let Some(beyond) = failures.checked_sub(self.free) else { return Duration::ZERO };
        2_u32
            .checked_pow(beyond)
            .and_then(|times| FIRST_WAIT.checked_mul(times))
            .unwrap_or(self.longest)
            .min(self.longest)
    }
}

/// A counter's key: a hash of its name.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    key: u64,
    limit: GuessLimit,
}

#[derive(Debug, Default)]
struct Count {
    failures: u32,
    /// As [`Clock::elapsed`], like the other one.
    open_at: Duration,
    last: Duration,
}

type SharedCount = Arc<Mutex<Count>>;

/// Counts wrong guesses, in bounded memory.
pub struct GuessGuard {
    counts: Option<Cache<u64, SharedCount>>,
    hasher: RandomState,
    clock: Clock,
}

impl GuessGuard {
    /// A guard that counts, or, if `on` is false, allows everything.
    #[must_use]
    pub fn new(on: bool, clock: &Clock) -> Self {
        Self { counts: on.then(|| Cache::new(MAX_COUNTS)), hasher: RandomState::new(), clock: clock.clone() }
    }

    /// The scope with this name.
    pub fn scope(&self, name: impl Hash, limit: GuessLimit) -> Scope {
        Scope { key: self.hasher.hash_one(name), limit }
    }

    /// The delay before the next guess; `None` when there is none. For secrets that programs send, many at
    /// once: these are checked concurrently, and each wrong one is counted by [`GuessGuard::wrong`].
    pub fn wait(&self, scopes: &[Scope]) -> Option<Duration> {
        let counts = self.counts.as_ref()?;
        let now = self.clock.elapsed();
        let wait = |scope: &Scope| {
            let shared = counts.get(&scope.key)?;
            let open_at = shared.lock().unwrap_or_else(PoisonError::into_inner).open_at;
            Some(open_at.saturating_sub(now)).filter(|wait| !wait.is_zero())
        };
        scopes.iter().filter_map(wait).max()
    }

    /// Counts a wrong guess.
    pub fn wrong(&self, scopes: &[Scope]) {
        // A concurrent wrong guess that came after the delay began is not counted again.
        if let Ok(guess) = self.begin(scopes) {
            guess.wrong();
        }
    }

    /// Begins a guess. It counts as wrong until [`Guess::right`] is called, so that concurrent guesses cannot
    /// evade the limit; when dropped without a result, it does not count. `scopes` are ordered from the
    /// narrowest to the widest: a guess that a narrower scope delays already does not count in a wider one,
    /// whose other members are not responsible.
    ///
    /// # Errors
    /// The delay.
    pub fn begin(&self, scopes: &[Scope]) -> Result<Guess, Duration> {
        let mut guess = Guess { held: Vec::new() };
        let Some(counts) = &self.counts else { return Ok(guess) };
        let now = self.clock.elapsed();
        let mut wait = Duration::ZERO;
        let mut is_counted = true;
        for scope in scopes {
            let shared = counts
                .get_or_insert_with(&scope.key, || Ok::<_, std::convert::Infallible>(SharedCount::default()));
            let shared = shared.unwrap_or_default();
            let mut count = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if now.saturating_sub(count.last) >= FORGOTTEN_AFTER {
                *count = Count::default();
            }
            wait = wait.max(count.open_at.saturating_sub(now));
            if !wait.is_zero() {
                continue;
            }
            let (before, was_counted) = (count.open_at, is_counted);
            if is_counted {
                is_counted = count.failures < scope.limit.free;
                count.failures = count.failures.saturating_add(1);
                count.last = now;
                count.open_at = now + scope.limit.wait(count.failures);
            }
            let after = count.open_at;
            drop(count);
            guess.held.push(Held {
                count: shared,
                before,
                after,
                free: scope.limit.free,
                is_counted: was_counted,
            });
        }
        // When the guess must wait, dropping `guess` undoes the counts so far.
        if wait.is_zero() { Ok(guess) } else { Err(wait) }
    }
}

struct Held {
    count: SharedCount,
    before: Duration,
    after: Duration,
    free: u32,
    /// Whether this guess was added to the counter.
    is_counted: bool,
}

impl Held {
    /// Takes back so many failures, and the delay that this guess caused.
    fn forgive(&self, failures: u32) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        count.failures = count.failures.saturating_sub(failures);
        if self.is_counted && count.open_at == self.after {
            count.open_at = self.before;
        }
    }
}

/// A guess in progress.
#[must_use = "report the result with `right` or `wrong`"]
pub struct Guess {
    held: Vec<Held>,
}

impl Guess {
    /// The guess was wrong.
    pub fn wrong(mut self) {
        self.held.clear();
    }

    /// The guess was right: resets the narrowest counter, and takes its failures back from the wider ones.
    pub fn right(mut self) {
        let mut held = self.held.drain(..);
        let Some(narrowest) = held.next() else { return };
        let mut count = narrowest.count.lock().unwrap_or_else(PoisonError::into_inner);
        let added = count.failures.min(narrowest.free);
        *count = Count::default();
        drop(count);
        for wider in held {
            wider.forgive(added);
        }
    }
}

impl Drop for Guess {
    fn drop(&mut self) {
        for held in self.held.drain(..).filter(|held| held.is_counted) {
            held.forgive(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};

    const NARROW: GuessLimit = GuessLimit { free: 3, longest: Duration::from_secs(10) };
    const WIDE: GuessLimit = GuessLimit { free: 5, longest: Duration::from_secs(4) };

    fn guard() -> (GuessGuard, Clock) {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        (GuessGuard::new(true, &clock), clock)
    }

    fn wrong(guard: &GuessGuard, scopes: &[Scope]) -> Result<(), u64> {
        guard.begin(scopes).map(Guess::wrong).map_err(|wait| wait.as_secs())
    }

    #[test]
    fn each_wrong_guess_waits_twice_as_long_up_to_a_bound() {
        let (guard, clock) = guard();
        let scopes = [guard.scope("ada", NARROW)];
        for wait in [0, 0, 1, 2, 4, 8, 10, 10] {
            assert_eq!(wrong(&guard, &scopes), Ok(()));
            if wait > 0 {
                // A try during the delay does not extend it.
                assert_eq!((wrong(&guard, &scopes), wrong(&guard, &scopes)), (Err(wait), Err(wait)));
            }
            clock.advance(TimeDelta::seconds(wait.try_into().unwrap()));
        }
        guard.begin(&scopes).unwrap().right();
        assert_eq!([(); 3].map(|()| wrong(&guard, &scopes)), [Ok(()); 3]);
        assert_eq!(wrong(&guard, &scopes), Err(1));
        clock.advance(TimeDelta::hours(24));
        assert_eq!([(); 3].map(|()| wrong(&guard, &scopes)), [Ok(()); 3], "forgotten after a day");
    }

    #[test]
    fn many_at_once_are_no_way_around_and_what_comes_to_nothing_counts_for_nothing() {
        let (guard, _) = guard();
        let scopes = [guard.scope("ada", NARROW)];
        let begun: Vec<_> = (0..100).filter_map(|_| guard.begin(&scopes).ok()).collect();
        assert_eq!(begun.len(), 3);
        drop(begun);
        assert_eq!([(); 3].map(|()| wrong(&guard, &scopes)), [Ok(()); 3]);
        assert!(guard.begin(&scopes).is_err());
    }

    #[test]
    fn the_wider_count_has_what_no_narrower_one_delays() {
        let (guard, clock) = guard();
        let of = |name: &'static str| [guard.scope(name, NARROW), guard.scope("office", WIDE)];
        // A user who has forgotten their password does not delay others.
        for _ in 0..20 {
            let _ = wrong(&guard, &of("ada"));
            clock.advance(TimeDelta::seconds(10));
        }
        assert_eq!(wrong(&guard, &of("bob")), Ok(()));
        // A client that guesses at one user after the other is delayed.
        assert_eq!(wrong(&guard, &of("eve")), Ok(()));
        assert_eq!(wrong(&guard, &of("joe")), Err(1));
        clock.advance(TimeDelta::seconds(1));
        // A right guess takes back only the wrong ones before it with the same name.
        guard.begin(&of("bob")).unwrap().right();
        assert_eq!(wrong(&guard, &of("joe")), Ok(()));
        assert_eq!(wrong(&guard, &of("max")), Err(1));
    }

    #[test]
    fn memory_is_bounded_and_off_is_off() {
        let (guard, clock) = guard();
        for number in 0..2 * MAX_COUNTS {
            let _ = wrong(&guard, &[guard.scope(number, NARROW)]);
        }
        assert!(guard.counts.as_ref().unwrap().len() <= MAX_COUNTS);
        let off = GuessGuard::new(false, &clock);
        assert!((0..100).all(|_| wrong(&off, &[off.scope("ada", NARROW)]).is_ok()));
    }
}
