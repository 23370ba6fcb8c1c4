//! The time that an overview is about.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::period::Period;

/// Instants have this resolution.
const MOMENT: TimeDelta = TimeDelta::milliseconds(1);
/// The clock of the process that put a letter in may be ahead of this one's by as much.
const CLOCK_MARGIN: TimeDelta = TimeDelta::days(1);

/// A time: its beginning belongs to it, its end does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The beginning.
    pub since: DateTime<Utc>,
    /// The end.
    pub until: DateTime<Utc>,
}

/// An hour that begins with a full hour of UTC, or the part of one that lies within a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HourOfWindow {
    pub(super) hour: DateTime<Utc>,
    pub(super) span: Span,
    /// Whether it is over for more than an hour and lies within one period as a whole, so that its letters
    /// count together for as long as that is so.
    pub(super) is_whole: bool,
}

/// The week up to now, with the beginnings of its periods.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    now: DateTime<Utc>,
}

impl Window {
    /// The week that ends now.
    #[must_use]
    pub fn ending(now: DateTime<Utc>) -> Self {
        Self { now }
    }

    /// Its end.
    #[must_use]
    pub fn now(self) -> DateTime<Utc> {
        self.now
    }

    /// The first moment of a period.
    #[must_use]
    pub fn begin(self, period: Period) -> DateTime<Utc> {
        self.now - period.length() + MOMENT
    }

    /// The shortest period that a moment of the window is in.
    #[must_use]
    pub(super) fn period_at(self, moment: DateTime<Utc>) -> Period {
        let shortest = [Period::Hour, Period::Day].into_iter().find(|period| moment >= self.begin(*period));
        shortest.unwrap_or(Period::Week)
    }

    /// The hours of the window, the first one first.
    pub(super) fn hours(self) -> Vec<HourOfWindow> {
        let [recent, day, week] = [Period::Hour, Period::Day, Period::Week].map(|period| self.begin(period));
        let end = self.now + CLOCK_MARGIN;
        let mut hours = Vec::new();
        let mut hour = start_of_hour(week);
        loop {
            let next = hour + TimeDelta::hours(1);
            let since = hour.max(week);
            if next > recent {
                // The hour that the last period begins in goes on into it.
                hours.push(HourOfWindow { hour, span: Span { since, until: end }, is_whole: false });
                return hours;
            }
            let is_whole = week <= hour && !(hour < day && day < next);
            hours.push(HourOfWindow { hour, span: Span { since, until: next }, is_whole });
            hour = next;
        }
    }
}

/// The full hour at or before a moment.
pub(super) fn start_of_hour(moment: DateTime<Utc>) -> DateTime<Utc> {
    // It fails for times beyond the year 2262.
    moment.duration_trunc(TimeDelta::hours(1)).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many minutes before noon of a day.
    fn ago(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(12) - TimeDelta::minutes(minutes)
    }

    #[test]
    fn the_hours_of_a_window_follow_each_other_and_have_one_period_each_when_whole() {
        for minutes in [0, 1, 30, 59, 60] {
            let window = Window::ending(ago(minutes));
            let hours = window.hours();
            assert_eq!(hours[0].span.since, window.begin(Period::Week), "{minutes}");
            assert!(hours.windows(2).all(|pair| pair[0].span.until == pair[1].span.since), "{minutes}");
            assert!(hours[hours.len() - 1].span.until > window.now(), "{minutes}");
            let mut whole = hours.iter().filter(|one| one.is_whole);
            assert!(whole.clone().count() >= 165, "{minutes}");
            assert!(whole.all(|one| {
                let Span { since, until } = one.span;
                since == one.hour
                    && until - since == TimeDelta::hours(1)
                    && window.period_at(since) == window.period_at(until - MOMENT)
                    && window.period_at(since) != Period::Hour
            }));
        }
    }

    #[test]
    fn a_period_has_its_last_moment_and_not_the_one_before_it_began() {
        let window = Window::ending(ago(0));
        assert_eq!(window.period_at(ago(0)), Period::Hour);
        assert_eq!(window.period_at(ago(60)), Period::Day);
        assert_eq!(window.period_at(ago(60) + MOMENT), Period::Hour);
        assert_eq!(window.period_at(ago(24 * 60)), Period::Week);
        assert_eq!(window.period_at(ago(24 * 60) + MOMENT), Period::Day);
    }
}
