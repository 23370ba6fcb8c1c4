//! The only source of time and randomness. All other code receives an instant, an id or a number as an
//! argument, so that tests can choose them.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::domain::ids::{Id, Named};

/// The source of instants.
#[derive(Clone)]
enum Source {
    /// The machine's clock; the monotonic instant at which it was created.
    System(Instant),
    /// The start, and the current time.
    Manual(DateTime<Utc>, Arc<Mutex<DateTime<Utc>>>),
}

/// Provides instants, ids that sort by them, and random numbers. Cheap to clone; clones share one time.
#[derive(Clone)]
pub struct Clock {
    source: Source,
    ids: Arc<Mutex<ContextV7>>,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { source: Source::System(Instant::now()), ids: Arc::new(Mutex::new(ContextV7::new())) }
    }

    /// A clock that moves only with [`Self::advance`], with constant random numbers.
    #[must_use]
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self {
            source: Source::Manual(start, Arc::new(Mutex::new(start))),
            ids: Arc::new(Mutex::new(ContextV7::new())),
        }
    }

    /// Moves a manual clock forward. Has no effect on the machine's clock.
    pub fn advance(&self, by: TimeDelta) {
        if let Source::Manual(_, time) = &self.source {
            *time.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }

    /// The present, in whole milliseconds, so that an instant in an answer equals the one read back from the
    /// database.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the one home of the clock")]
        let now = match &self.source {
            Source::System(_) => Utc::now(),
            Source::Manual(_, time) => *time.lock().unwrap_or_else(PoisonError::into_inner),
        };
        now.trunc_subsecs(3)
    }

    /// The time since the clock was created, for measurements and counters; never stored. It does not go back
    /// when the machine's time is set.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match &self.source {
            Source::System(started) => started.elapsed(),
            Source::Manual(start, time) => {
                let now = *time.lock().unwrap_or_else(PoisonError::into_inner);
                (now - start).to_std().unwrap_or_default()
            }
        }
    }

    /// A new id (UUIDv7, RFC 9562 §5.7). Ids made in one process sort by the order of their creation, even
    /// within one millisecond.
    #[must_use]
    pub fn id<K: Named>(&self) -> Id<K> {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let timestamp = Timestamp::from_unix(&*ids, seconds, now.timestamp_subsec_nanos());
        Id::from_uuid(Uuid::new_v7(timestamp))
    }

    /// A number from 0 up to 1, for jitter. A manual clock always returns 0.5.
    #[must_use]
    pub fn jitter(&self) -> f64 {
        match self.source {
            Source::System(_) => rand::random(),
            Source::Manual(..) => 0.5,
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.source {
            Source::System(_) => "Clock::system",
            Source::Manual(..) => "Clock::manual",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::UserId;

    #[test]
    fn a_manual_clock_moves_when_advanced_and_ids_sort_by_their_making() {
        let clock = Clock::manual(DateTime::from_timestamp_millis(1_795_000_000_000).unwrap());
        let ids: Vec<UserId> = (0..1000).map(|_| clock.id()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let before = clock.now();
        clock.clone().advance(TimeDelta::hours(25));
        assert_eq!(clock.now() - before, TimeDelta::hours(25));
        assert_eq!(clock.elapsed(), Duration::from_hours(25));
        assert!(clock.id::<crate::domain::ids::UserKind>() > ids[999]);
    }
}
