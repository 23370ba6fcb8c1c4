//! The hours of an overview that were read before.
//!
//! Reading the letters of a week takes seconds where there are a million of them, and what became of the
//! older ones hardly changes. So each hour that is over is kept for a while, and only the last one is read
//! each time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    group::LetterGroups,
    period::Period,
    sums::PeriodSums,
    window::{HourOfWindow, Span, Window},
};

/// How many times as long as reading all hours takes is one of the last day kept.
const KEPT_TIMES: i32 = 10;
/// The same for an older one.
const OLD_KEPT_TIMES: i32 = 100;
/// Where reading takes less than this, nothing is kept: each answer is read anew.
pub const QUICK: TimeDelta = TimeDelta::milliseconds(250);
/// How long an hour is kept at most.
const MAX_KEPT: TimeDelta = TimeDelta::hours(1);
/// How many domains of an hour are kept.
const MAX_DOMAINS: usize = 500;

/// What was read of an hour.
#[derive(Debug)]
struct KeptHour {
    groups: LetterGroups,
    /// When it was read, by a clock that does not go back.
    read_at: TimeDelta,
    /// How long that took.
    took: TimeDelta,
}

/// The hours that were read before, and those that are read now.
#[derive(Debug, Default)]
pub struct KeptHours {
    whole: BTreeMap<DateTime<Utc>, KeptHour>,
    /// Of the hours that a period begins in, by the shortest period: they are read each time.
    parts: Vec<(Period, LetterGroups)>,
}

impl KeptHours {
    /// What has to be read for a window at `elapsed`, as spans that are as long as possible. Forgets what
    /// is too old.
    pub fn missing(&mut self, window: Window, elapsed: TimeDelta) -> Vec<Span> {
        self.parts.clear();
        let hours = window.hours();
        let took: TimeDelta = self.whole.values().map(|hour| hour.took).sum();
        if took < QUICK {
            self.whole.clear();
        }
        self.whole.retain(|hour, kept| {
            let is_recent = window.period_at(*hour) < Period::Week;
            let times = if is_recent { KEPT_TIMES } else { OLD_KEPT_TIMES };
            let is_fresh = elapsed - kept.read_at < took.checked_mul(times).unwrap_or(MAX_KEPT).min(MAX_KEPT);
            is_fresh && hours.iter().any(|one| one.is_whole && one.hour == *hour)
        });
        let mut missing: Vec<Span> = Vec::new();
        for HourOfWindow { hour, span, is_whole } in hours {
            if is_whole && self.whole.contains_key(&hour) {
                continue;
            }
            match missing.last_mut() {
                Some(last) if last.until == span.since => last.until = span.until,
                _ => missing.push(span),
            }
        }
        missing
    }

    /// Takes what was read of a span of [`KeptHours::missing`], by hour and shortest period, at `elapsed`,
    /// which took as long as `took`.
    pub fn put(
        &mut self,
        window: Window,
        span: Span,
        mut groups: BTreeMap<(DateTime<Utc>, Period), LetterGroups>,
        (elapsed, took): (TimeDelta, TimeDelta),
    ) {
        let hours = window.hours().into_iter().filter(|one| one.is_whole && span.since <= one.span.since);
        let hours: Vec<_> = hours.filter(|one| one.span.until <= span.until).collect();
        let took = took / i32::try_from(hours.len()).unwrap_or(i32::MAX).max(1);
        for HourOfWindow { hour, .. } in hours {
            let groups = groups.remove(&(hour, window.period_at(hour))).unwrap_or_default();
            let groups = groups.with_largest_domains(MAX_DOMAINS);
            self.whole.insert(hour, KeptHour { groups, read_at: elapsed, took });
        }
        self.parts.extend(groups.into_iter().map(|((_, period), groups)| (period, groups)));
    }

    /// The sums of each period of the window, the shortest one first.
    #[must_use]
    pub fn sums(&self, window: Window) -> [PeriodSums; Period::ALL.len()] {
        let mut sums = Period::ALL.map(|_| PeriodSums::default());
        let whole = self.whole.iter().map(|(hour, kept)| (window.period_at(*hour), &kept.groups));
        let parts = self.parts.iter().map(|(period, groups)| (*period, groups));
        for (shortest, groups) in whole.chain(parts) {
            // A letter of the last hour is one of the last day, too.
            for (period, sums) in Period::ALL.into_iter().zip(&mut sums) {
                if period >= shortest {
                    groups.iter().for_each(|(group, n)| sums.add(group, n));
                }
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests;
