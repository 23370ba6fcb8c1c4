//! Counts of wrong guesses at a secret, and the delays that follow from them: after a few wrong guesses each
//! further one is delayed, twice as long each time, up to a maximum.
//!
//! A guess counts for several scopes: its target and client together, the client alone, and its network
//! (OWASP Authentication Cheat Sheet, "Login throttling"). It is not counted by the target alone: an attacker
//! could then lock its owner out.

use chrono::{DateTime, TimeDelta, Utc};

/// How long after the last wrong guess a count is kept.
pub const KEPT: TimeDelta = TimeDelta::hours(24);
/// The delay after the first wrong guess beyond the free ones; it doubles with each further one.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(1);

/// The number of free wrong guesses, and the longest delay.
#[derive(Debug, Clone, Copy)]
pub struct GuessLimit {
    /// The number of free wrong guesses.
    pub free: u32,
    /// The longest delay.
    pub longest: TimeDelta,
}

impl GuessLimit {
    fn wait(self, failures: u32) -> TimeDelta {
        let Some(beyond) = failures.checked_sub(self.free) else { return TimeDelta::zero() };
        let times = 2_i32.checked_pow(beyond);
        times.and_then(|times| FIRST_WAIT.checked_mul(times)).unwrap_or(self.longest).min(self.longest)
    }
}

/// The wrong guesses of one scope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GuessCount {
    /// How many there were.
    pub failures: u32,
    /// When the next one is allowed.
    pub open_at: DateTime<Utc>,
    /// When the last one was.
    pub last_at: DateTime<Utc>,
}

impl GuessCount {
    /// How long the next guess has to wait.
    #[must_use]
    pub fn wait(&self, now: DateTime<Utc>) -> TimeDelta {
        (self.open_at - now).max(TimeDelta::zero())
    }
}

/// What a guess changed in one count.
#[derive(Debug, Clone, Copy)]
pub struct Reserved {
    limit: GuessLimit,
    before: DateTime<Utc>,
    after: DateTime<Utc>,
    is_counted: bool,
}

impl Reserved {
    /// Takes back so many failures, and the delay that this guess caused.
    fn forgive(&self, count: &mut GuessCount, failures: u32) {
        count.failures = count.failures.saturating_sub(failures);
        if self.is_counted && count.open_at == self.after {
            count.open_at = self.before;
        }
    }
}

/// Begins a guess, which counts as wrong until [`right`] is called, so that concurrent guesses cannot evade
/// the limit. The counts are ordered from the narrowest to the widest: a guess that a narrower one delays
/// already does not count in a wider one, whose other members are not responsible.
///
/// # Errors
/// The delay; nothing is counted then.
pub fn begin(
    counts: &mut [GuessCount],
    limits: &[GuessLimit],
    now: DateTime<Utc>,
) -> Result<Vec<Reserved>, TimeDelta> {
    for count in counts.iter_mut().filter(|count| now - count.last_at >= KEPT) {
        *count = GuessCount::default();
    }
    let wait = counts.iter().map(|count| count.wait(now)).max().unwrap_or_default();
    if !wait.is_zero() {
        return Err(wait);
    }
    let mut is_counted = true;
    let reserve = |(count, limit): (&mut GuessCount, &GuessLimit)| {
        let (before, was_counted) = (count.open_at, is_counted);
        if is_counted {
            is_counted = count.failures < limit.free;
            count.failures = count.failures.saturating_add(1);
            count.last_at = now;
            count.open_at = now + limit.wait(count.failures);
        }
        Reserved { limit: *limit, before, after: count.open_at, is_counted: was_counted }
    };
    Ok(counts.iter_mut().zip(limits).map(reserve).collect())
}

/// The guess was right: resets the narrowest count, and takes its failures back from the wider ones.
pub fn right(counts: &mut [GuessCount], reserved: &[Reserved]) {
    let Some((narrowest, wider)) = counts.split_first_mut() else { return };
    let Some((own, others)) = reserved.split_first() else { return };
    let added = narrowest.failures.min(own.limit.free);
    *narrowest = GuessCount::default();
    for (count, reserved) in wider.iter_mut().zip(others) {
        reserved.forgive(count, added);
    }
}

/// The guess was not made: it does not count.
pub fn withdraw(counts: &mut [GuessCount], reserved: &[Reserved]) {
    for (count, reserved) in counts.iter_mut().zip(reserved).filter(|(_, reserved)| reserved.is_counted) {
        reserved.forgive(count, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: GuessLimit = GuessLimit { free: 3, longest: TimeDelta::seconds(10) };
    const WIDE: GuessLimit = GuessLimit { free: 5, longest: TimeDelta::seconds(4) };

    fn wrong(counts: &mut [GuessCount], limits: &[GuessLimit], at: i64) -> Result<(), i64> {
        begin(counts, limits, time(at)).map(drop).map_err(|wait| wait.num_seconds())
    }

    fn time(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn each_wrong_guess_waits_twice_as_long_up_to_a_bound() {
        let (mut counts, mut now) = ([GuessCount::default()], 0);
        for wait in [0, 0, 1, 2, 4, 8, 10, 10] {
            assert_eq!(wrong(&mut counts, &[NARROW], now), Ok(()));
            if wait > 0 {
                // A try during the delay does not extend it.
                let tries = [(); 2].map(|()| wrong(&mut counts, &[NARROW], now));
                assert_eq!(tries, [Err(wait), Err(wait)]);
            }
            now += wait;
        }
        let reserved = begin(&mut counts, &[NARROW], time(now)).unwrap();
        right(&mut counts, &reserved);
        assert_eq!([(); 3].map(|()| wrong(&mut counts, &[NARROW], now)), [Ok(()); 3]);
        assert_eq!(wrong(&mut counts, &[NARROW], now), Err(1));
        now += 24 * 3600;
        let tries = [(); 3].map(|()| wrong(&mut counts, &[NARROW], now));
        assert_eq!(tries, [Ok(()); 3], "forgotten after a day");
    }

    #[test]
    fn a_withdrawn_guess_does_not_count() {
        let mut counts = [GuessCount::default(); 2];
        let limits = [NARROW, WIDE];
        let reserved: Vec<_> = (0..3).map(|_| begin(&mut counts, &limits, time(0)).unwrap()).collect();
        assert_eq!(wrong(&mut counts, &limits, 0), Err(1));
        for reserved in reserved.iter().rev() {
            withdraw(&mut counts, reserved);
        }
        assert_eq!([(); 3].map(|()| wrong(&mut counts, &limits, 0)), [Ok(()); 3]);
        assert_eq!(wrong(&mut counts, &limits, 0), Err(1));
    }

    #[test]
    fn the_wider_count_has_what_no_narrower_one_delays() {
        let (mut people, mut office, mut now) = ([GuessCount::default(); 5], GuessCount::default(), 0);
        let mut guess = |person: usize, now: i64, is_right: bool| {
            let mut counts = [people[person], office];
            let begun = begin(&mut counts, &[NARROW, WIDE], time(now));
            if let Ok(reserved) = &begun
                && is_right
            {
                right(&mut counts, reserved);
            }
            [people[person], office] = counts;
            begun.map(drop).map_err(|wait| wait.num_seconds())
        };
        // A user who has forgotten their password does not delay others.
        for _ in 0..20 {
            let _ = guess(0, now, false);
            now += 10;
        }
        assert_eq!(guess(1, now, false), Ok(()));
        // A client that guesses at one user after the other is delayed.
        assert_eq!(guess(2, now, false), Ok(()));
        assert_eq!(guess(3, now, false), Err(1));
        now += 1;
        // A right guess takes back only the wrong ones before it with the same name.
        assert_eq!(guess(1, now, true), Ok(()));
        assert_eq!(guess(3, now, false), Ok(()));
        assert_eq!(guess(4, now, false), Err(1));
    }
}
