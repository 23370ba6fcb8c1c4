//! When a letter that was not taken is tried again.
//!
//! After about 5 s, then 10 s, 20 s, 40 s, 80 s, 160 s, 320 s, 640 s, and every 15 minutes from there, each
//! spread by a fifth either way so that a relay that comes back is not met by everybody at once. Whoever said
//! how long to wait (`Retry-After`, a greylisting reply) is not asked earlier than that, but after a day at
//! the latest. Once 24 hours have passed since the first attempt, the next one that fails is the last. How
//! long a letter had waited before it was tried at all does not count.

use chrono::{DateTime, TimeDelta, Utc};

const FIRST: TimeDelta = TimeDelta::seconds(5);
const MAX_DELAY: TimeDelta = TimeDelta::minutes(15);
/// How long a letter is tried.
const GIVE_UP: TimeDelta = TimeDelta::hours(24);
/// The longest delay asked for by a relay that is honoured: letters are given up after a day.
const MAX_RELAY_WAIT: TimeDelta = TimeDelta::hours(24);
/// How far a delay is spread, in thousandths of itself: up to a fifth either way.
const SPREAD: f64 = 400.0;

/// When attempt number `attempt` + 1 is due, or `None` when the letter is to be given up. `jitter` is from 0
/// up to 1, `wait` what we were told to wait.
pub(super) fn next_attempt(
    attempt: i32,
    first_tried_at: DateTime<Utc>,
    now: DateTime<Utc>,
    jitter: f64,
    wait: Option<TimeDelta>,
) -> Option<DateTime<Utc>> {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or_default().min(16);
    let delay = (FIRST * 2_i32.pow(doublings)).min(MAX_DELAY);
    #[expect(clippy::cast_possible_truncation, reason = "from 800 to 1200")]
    let thousandths = (1000.0 + SPREAD * (jitter - 0.5)) as i32;
    let spread = delay * thousandths / 1000;
    (now - first_tried_at < GIVE_UP).then(|| after(wait.unwrap_or_default().max(spread), now))
}

/// The moment that is so long after `now`, or a day after it.
pub(super) fn after(wait: TimeDelta, now: DateTime<Utc>) -> DateTime<Utc> {
    now + wait.min(MAX_RELAY_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_a_quarter_of_an_hour_and_ends_after_a_day() {
        let start = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let delay = |attempt, jitter| {
            next_attempt(attempt, start, start, jitter, None).map(|due| (due - start).num_seconds())
        };
        let delays: Vec<_> = (1..=10).filter_map(|attempt| delay(attempt, 0.5)).collect();
        assert_eq!(delays, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
        assert_eq!((delay(5, 0.0), delay(5, 1.0)), (Some(64), Some(96)));
        assert_eq!(delay(i32::MAX, 0.5), Some(900));
        let day = start + TimeDelta::hours(24);
        let last = day - TimeDelta::milliseconds(1);
        assert_eq!(next_attempt(98, start, last, 0.5, None), Some(last + TimeDelta::minutes(15)));
        assert_eq!(next_attempt(99, start, day, 0.5, None), None);
    }

    #[test]
    fn no_relay_is_asked_earlier_than_it_said() {
        let start = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let due = |wait| next_attempt(3, start, start, 0.5, Some(wait)).map(|due| due - start);
        assert_eq!(due(TimeDelta::seconds(300)), Some(TimeDelta::seconds(300)));
        // Told less than the schedule says, the schedule holds.
        assert_eq!(due(TimeDelta::seconds(1)), Some(TimeDelta::seconds(20)));
        for long in [TimeDelta::hours(24), TimeDelta::hours(25), TimeDelta::MAX] {
            assert_eq!(due(long), Some(TimeDelta::hours(24)), "that is no reason to give a letter up");
        }
        // What is told late in the day is respected all the same.
        let late = start + TimeDelta::hours(23);
        assert_eq!(
            next_attempt(3, start, late, 0.5, Some(TimeDelta::hours(2))),
            Some(late + TimeDelta::hours(2))
        );
    }
}
