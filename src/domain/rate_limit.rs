//! The rate of letters that a provider allows.

use std::{fmt, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};

/// The largest difference between two letters in the time from the outbox to the provider.
const DELIVERY_JITTER: TimeDelta = TimeDelta::milliseconds(250);

/// A number of letters in a period, summed over all couriers.
///
/// Letters are spread evenly, in groups of `at_once`: after each group there is a pause of its share of the
/// period. So no interval of that length has more letters than allowed, wherever it begins, unlike with
/// counting by whole minutes. The period is extended a little, since letters take different times to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    letters: u32,
    per: TimeDelta,
}

/// The text is no valid rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no number of letters from 1 to 10000 in a second, minute, hour or day, as 14/s, 100/min, 1000/h or \
    5000/day"
)]
pub struct InvalidRate;

impl FromStr for Pace {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        let (letters, per) = text.split_once('/').ok_or(InvalidRate)?;
        let per = match per.trim() {
            "s" | "sec" | "second" => TimeDelta::seconds(1),
            "min" | "minute" => TimeDelta::minutes(1),
            "h" | "hour" => TimeDelta::hours(1),
            "d" | "day" => TimeDelta::days(1),
            _ => return Err(InvalidRate),
        };
        let letters = letters
            .trim()
            .parse()
            .ok()
            .filter(|letters| (1..=10_000).contains(letters))
            .ok_or(InvalidRate)?;
        Ok(Self { letters, per })
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = match self.per.num_seconds() {
            1 => "s",
            60 => "min",
            3600 => "h",
            _ => "day",
        };
        write!(f, "{}/{per}", self.letters)
    }
}

impl Pace {
    /// The size of a group: the letters of a quarter of a second, rounded down to a divisor of the whole
    /// number.
    #[must_use]
    pub fn at_once(self) -> u32 {
        let quarter = i64::from(self.letters) * 250 / self.per.num_milliseconds();
        let most = u32::try_from(quarter).unwrap_or(self.letters).max(1);
        (1..=most).rev().find(|some| self.letters.is_multiple_of(*some)).unwrap_or(1)
    }

    /// When the next group may be sent after `sent` letters at `now`. Rounded up to the millisecond that the
    /// database stores.
    #[must_use]
    pub fn next(self, sent: u32, now: DateTime<Utc>) -> DateTime<Utc> {
        let time = (self.per + DELIVERY_JITTER).num_milliseconds();
        let milliseconds = (time * i64::from(sent) + i64::from(self.letters) - 1) / i64::from(self.letters);
        now + TimeDelta::milliseconds(milliseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(text: &str) -> Pace {
        text.parse().unwrap()
    }

    #[test]
    fn no_stretch_of_the_time_sees_more_than_are_allowed() {
        for (text, letters, per) in [
            ("14/s", 14, 1_000),
            ("100/min", 100, 60_000),
            ("1000/h", 1000, 3_600_000),
            ("9973/s", 9973, 1000),
        ] {
            let (pace, start) = (pace(text), DateTime::from_timestamp(1_795_000_000, 0).unwrap());
            let (mut at, mut sent) = (start, 0);
            // The first of them is slow, the last ones are fast.
            while at < start + TimeDelta::milliseconds(per) + DELIVERY_JITTER {
                sent += pace.at_once();
                at = pace.next(pace.at_once(), at);
            }
            assert!(sent <= letters, "{text}: {sent}");
        }
        assert_eq!(
            (pace("14/s").at_once(), pace("100/min").at_once(), pace("10000/s").at_once()),
            (2, 1, 2500)
        );
    }

    #[test]
    fn what_is_no_pace_is_refused() {
        for text in ["", "14", "0/s", "10001/s", "-1/s", "1.5/s", "14/fortnight", "/s", "s/14"] {
            assert_eq!(text.parse::<Pace>(), Err(InvalidRate), "{text}");
        }
        assert_eq!(pace(" 14 / s "), pace("14/second"));
        for text in ["14/s", "100/min", "1000/h", "5000/day"] {
            assert_eq!(pace(text).to_string(), text);
        }
    }
}
