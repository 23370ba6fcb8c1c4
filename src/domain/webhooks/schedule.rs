//! When a delivery that failed is tried again: the schedule of the Standard Webhooks specification ("Example
//! retry schedule"), ten attempts within 75 hours and 35 minutes.

use chrono::{DateTime, TimeDelta, Utc};

/// The waits after the first attempt, the second one, and so on.
const WAITS: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
];
/// The longest wait that an endpoint may ask for by `Retry-After`.
const MAX_WAIT: TimeDelta = TimeDelta::hours(24);
/// By how much a wait may differ, in thousandths: endpoints that failed together are not all tried again
/// together.
const SPREAD: f64 = 200.0;

/// When a delivery is tried again whose attempt with this number, 1 for the first, failed at `now`; `None`
/// after the last one. `jitter` is from 0 up to 1, and 0.5 changes nothing. An endpoint is asked no earlier
/// than after `retry_after`.
#[must_use]
pub fn next_attempt(
    attempt: i32,
    now: DateTime<Utc>,
    jitter: f64,
    retry_after: Option<TimeDelta>,
) -> Option<DateTime<Utc>> {
    let index = usize::try_from(attempt).ok()?.checked_sub(1)?;
    let wait = *WAITS.get(index)?;
    #[expect(clippy::cast_possible_truncation, reason = "from 900 to 1100")]
    let thousandths = (1000.0 + SPREAD * (jitter - 0.5)) as i32;
    let spread = wait * thousandths / 1000;
    Some(now + spread.max(retry_after.unwrap_or_default().min(MAX_WAIT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_in_the_times_of_the_specification() {
        let start = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let (mut now, mut since_start) = (start, vec![]);
        let mut attempt = 1;
        while let Some(next) = next_attempt(attempt, now, 0.5, None) {
            (now, attempt) = (next, attempt + 1);
            since_start.push((now - start).num_seconds());
        }
        let minute = 60;
        let hour = 60 * minute;
        assert_eq!(
            since_start,
            [
                5,
                5 * minute + 5,
                35 * minute + 5,
                2 * hour + 35 * minute + 5,
                7 * hour + 35 * minute + 5,
                17 * hour + 35 * minute + 5,
                31 * hour + 35 * minute + 5,
                51 * hour + 35 * minute + 5,
                75 * hour + 35 * minute + 5,
            ]
        );
        assert_eq!(attempt, 10);
        assert_eq!([0, -1, 10, i32::MAX].map(|n| next_attempt(n, start, 0.5, None)), [None; 4]);
    }

    #[test]
    fn waits_are_spread_and_an_endpoint_is_asked_no_earlier_than_it_said() {
        let start = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let wait = |attempt, jitter, retry_after| {
            next_attempt(attempt, start, jitter, retry_after).map(|due| due - start)
        };
        assert_eq!(wait(2, 0.0, None), Some(TimeDelta::seconds(270)));
        assert_eq!(wait(2, 1.0, None), Some(TimeDelta::seconds(330)));
        assert_eq!(wait(1, 0.5, Some(TimeDelta::seconds(90))), Some(TimeDelta::seconds(90)));
        assert_eq!(wait(2, 0.5, Some(TimeDelta::seconds(90))), Some(TimeDelta::seconds(300)));
        assert_eq!(wait(1, 0.5, Some(TimeDelta::MAX)), Some(TimeDelta::hours(24)));
    }
}
