//! Slows down guessing at a secret that programs send, as that of a webhook: in the memory of this process,
//! since these are checked without the database. Passwords are guarded by `password_guesses.rs`.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::TimeDelta;
use quick_cache::{UnitWeighter, sync::Cache};

use crate::{
    clock::Clock,
    domain::guess_count::{self, GuessCount, GuessLimit},
};

/// The maximum number of counters; those unused for longest are evicted first.
const MAX_COUNTS: usize = 100_000;
/// Memory is taken for this number at first, and for more when they come.
const EXPECTED: usize = 256;

/// A counter's key: a hash of its name.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    key: u64,
    limit: GuessLimit,
}

/// Counts wrong guesses, in bounded memory.
pub struct GuessGuard {
    counts: Option<Cache<u64, Arc<Mutex<GuessCount>>>>,
    hasher: RandomState,
    clock: Clock,
}

impl GuessGuard {
    /// A guard that counts, or, if `on` is false, allows everything.
    #[must_use]
    pub fn new(on: bool, clock: &Clock) -> Self {
        Self {
            counts: on.then(|| Cache::with_weighter(EXPECTED, MAX_COUNTS as u64, UnitWeighter)),
            hasher: RandomState::new(),
            clock: clock.clone(),
        }
    }

    /// Whether guesses are counted.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.counts.is_some()
    }

    /// The scope with this name.
    pub fn scope(&self, name: impl Hash, limit: GuessLimit) -> Scope {
        Scope { key: self.hasher.hash_one(name), limit }
    }

    /// The delay before the next guess; `None` when there is none. Guesses are checked concurrently, and each
    /// wrong one is counted by [`GuessGuard::wrong`].
    pub fn wait(&self, scopes: &[Scope]) -> Option<TimeDelta> {
        let counts = self.counts.as_ref()?;
        let now = self.clock.now();
        let wait = |scope: &Scope| {
            let shared = counts.get(&scope.key)?;
            let wait = shared.lock().unwrap_or_else(PoisonError::into_inner).wait(now);
            Some(wait).filter(|wait| !wait.is_zero())
        };
        scopes.iter().filter_map(wait).max()
    }

    /// Counts a wrong guess. One that came after the delay began is not counted again.
    pub fn wrong(&self, scopes: &[Scope]) {
        let Some(counts) = &self.counts else { return };
        for scope in scopes {
            let shared = counts
                .get_or_insert_with(&scope.key, || Ok::<_, std::convert::Infallible>(Arc::default()))
                .unwrap_or_default();
            let mut count = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let begun =
                guess_count::begin(std::slice::from_mut(&mut *count), &[scope.limit], self.clock.now());
            // A wider scope does not count what a narrower one delays.
            let Ok(_reserved) = begun else { return };
            if count.failures > scope.limit.free {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    const NARROW: GuessLimit = GuessLimit { free: 3, longest: TimeDelta::seconds(10) };
    const WIDE: GuessLimit = GuessLimit { free: 5, longest: TimeDelta::seconds(4) };

    #[test]
    fn wrong_guesses_are_delayed_and_others_are_not() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH + TimeDelta::days(365));
        let guard = GuessGuard::new(true, &clock);
        let of = |name: &'static str| [guard.scope(name, NARROW), guard.scope("office", WIDE)];
        for _ in 0..20 {
            guard.wrong(&of("ada"));
        }
        assert_eq!(guard.wait(&of("ada")), Some(TimeDelta::seconds(1)));
        assert_eq!(guard.wait(&of("bob")), None);
        for name in ["bob", "eve", "joe"] {
            guard.wrong(&of(name));
        }
        assert_eq!(guard.wait(&of("max")), Some(TimeDelta::seconds(1)));
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(guard.wait(&of("max")), None);
    }

    #[test]
    fn memory_is_bounded_and_off_is_off() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH + TimeDelta::days(365));
        let guard = GuessGuard::new(true, &clock);
        for number in 0..2 * MAX_COUNTS {
            guard.wrong(&[guard.scope(number, NARROW)]);
        }
        assert!(guard.counts.as_ref().unwrap().len() <= MAX_COUNTS);
        let off = GuessGuard::new(false, &clock);
        (0..100).for_each(|_| off.wrong(&[off.scope("ada", NARROW)]));
        assert!(!off.is_on() && off.wait(&[off.scope("ada", NARROW)]).is_none());
    }
}
