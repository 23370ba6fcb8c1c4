//! Daily limits for letters: to one mailbox, by the owners of an account, by one caller.
//!
//! A day is the last 24 hours, not a date, so that the limit does not double around midnight. Each letter
//! counts for 24 hours after it was requested.

use std::{fmt, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};

use super::email::Email;

/// How long a letter counts.
pub const WINDOW: TimeDelta = TimeDelta::hours(24);
/// Up to this quota every time is kept exactly; above it, times within a quarter of an hour are merged.
const EXACT: u32 = 64;
/// The interval within which times are merged.
const GRAIN: TimeDelta = TimeDelta::minutes(15);

/// The quotas; `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LetterLimits {
    /// Letters to one mailbox, for all invitations and all callers.
    pub mailbox: Option<u32>,
    /// Letters that all owners in one top-level account's tree request together.
    pub account: Option<u32>,
    /// Letters that one staff member, partner or command-line subject requests.
    pub caller: Option<u32>,
}

impl LetterLimits {
    /// The quota of a scope.
    #[must_use]
    pub fn quota(&self, scope: LimitScope) -> Option<u32> {
        match scope {
            LimitScope::Mailbox => self.mailbox,
            LimitScope::Account => self.account,
            LimitScope::Caller => self.caller,
        }
    }
}

closed_set! {
    /// The subject of a limit.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum LimitScope {
        /// The recipient's mailbox.
        Mailbox = "mailbox",
        /// The tree of accounts whose owners request them.
        Account = "account",
        /// The caller, unless it is an account owner.
        Caller = "caller",
    }
}

/// The state of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaStatus {
    /// The scope of the quota.
    pub scope: LimitScope,
    /// Its letters a day.
    pub quota: u32,
    /// How many are left now.
    pub remaining: u32,
    /// The seconds until all are available again.
    pub reset: u64,
}

/// A quota is exhausted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LettersSpent {
    /// The seconds until the same letter can be requested again, as far as these quotas are concerned.
    pub retry_after: u64,
    /// The state of every quota to which the letter counts; at least one of them is exhausted.
    pub quota_statuses: Vec<QuotaStatus>,
}

/// The mailbox of an address, for counting: two addresses of one mailbox are two users, and one recipient.
///
/// The part after a `+` in the local part is a label of the mailbox's owner (RFC 5233). Google's consumer
/// mailboxes also ignore dots, and have two domains (<https://support.google.com/mail/answer/7436150>).
/// Elsewhere dots distinguish mailboxes.
#[must_use]
pub fn mailbox(email: &Email) -> String {
    let key = email.key();
    let Some((local, domain)) = key.rsplit_once('@') else { return key.to_owned() };
    let name = local.split('+').next().filter(|name| !name.is_empty()).unwrap_or(local);
    match domain {
        "gmail.com" | "googlemail.com" => format!("{}@gmail.com", name.replace('.', "")),
        domain => format!("{name}@{domain}"),
    }
}

/// The times at which letters were requested, oldest first, each with a number of letters. As text, times are
/// milliseconds since 1970: `1795528980000x2 1795529040000`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterLog(Vec<(i64, u32)>);

/// The text is no such log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a log of letters")]
pub struct NotALog;

impl LetterLog {
    /// A log of `letters` letters, all at `at`.
    #[must_use]
    pub fn of(letters: u32, at: DateTime<Utc>) -> Self {
        Self(if letters == 0 { Vec::new() } else { vec![(at.timestamp_millis(), letters)] })
    }

    /// Whether it has no letters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of letters.
    #[must_use]
    pub fn letters(&self) -> u32 {
        self.0.iter().fold(0, |sum, (_, letters)| sum.saturating_add(*letters))
    }

    /// Removes the letters that no longer count at `now`. A time in the future, by another machine's clock,
    /// is changed to `now`.
    pub fn forget(&mut self, now: DateTime<Utc>) {
        let since = (now - WINDOW).timestamp_millis();
        self.0.retain(|(at, _)| *at > since);
    }

    /// Adds a letter.
    pub fn add(&mut self, now: DateTime<Utc>, quota: u32) {
        // Another machine's clock may be ahead; the log must stay sorted.
        let at = self.0.last().map_or(now.timestamp_millis(), |(last, _)| now.timestamp_millis().max(*last));
        let grain = if quota > EXACT { GRAIN.num_milliseconds() } else { 1 };
        match self.0.last_mut() {
            // Merged times expire together with the latest of them, so never too early.
            Some((last, letters)) if at / grain == *last / grain => {
                *letters = letters.saturating_add(1);
                *last = at;
            }
            _ => self.0.push((at, 1)),
        }
    }

    /// How long until the quota allows another letter; `None` when it does now.
    #[must_use]
    pub fn wait(&self, now: DateTime<Utc>, quota: u32) -> Option<TimeDelta> {
        let mut letters = self.letters();
        if letters < quota {
            return None;
        }
        let last = self.0.iter().find(|(_, leaving)| {
            letters = letters.saturating_sub(*leaving);
            letters < quota
        });
        let at = last.or(self.0.last()).map_or_else(|| now.timestamp_millis(), |(at, _)| *at);
        Some(TimeDelta::milliseconds(at - now.timestamp_millis()) + WINDOW)
    }

    /// The state of the quota.
    #[must_use]
    pub fn quota_status(&self, scope: LimitScope, quota: u32, now: DateTime<Utc>) -> QuotaStatus {
        let reset = self.0.last().map_or(TimeDelta::zero(), |(at, _)| {
            TimeDelta::milliseconds(at - now.timestamp_millis()) + WINDOW
        });
        QuotaStatus { scope, quota, remaining: quota.saturating_sub(self.letters()), reset: seconds(reset) }
    }
}

/// Whole seconds, rounded up, so that a caller who waits that long is not too early.
#[must_use]
pub fn seconds(wait: TimeDelta) -> u64 {
    u64::try_from(wait.num_milliseconds()).unwrap_or_default().div_ceil(1000)
}

impl fmt::Display for LetterLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (at, letters)) in self.0.iter().enumerate() {
            let blank = if place == 0 { "" } else { " " };
            match letters {
                1 => write!(f, "{blank}{at}")?,
                letters => write!(f, "{blank}{at}x{letters}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for LetterLog {
    type Err = NotALog;

    fn from_str(text: &str) -> Result<Self, NotALog> {
        let moment = |word: &str| {
            let (at, letters) = word.split_once('x').unwrap_or((word, "1"));
            Some((at.parse().ok()?, letters.parse().ok()?))
        };
        text.split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| moment(word).ok_or(NotALog))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_500_000 + seconds, 0).unwrap()
    }

    #[test]
    fn one_mailbox_by_its_labels_and_by_googles_dots() {
        for (address, counted) in [
            ("Ada+x@Example.com", "ada@example.com"),
            ("ada+x+y@example.com", "ada@example.com"),
            ("a.d.a@example.com", "a.d.a@example.com"),
            ("A.d.a+1@googlemail.com", "ada@gmail.com"),
            ("ada@gmail.com", "ada@gmail.com"),
            ("+ada@example.com", "+ada@example.com"),
            ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
            ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ] {
            assert_eq!(mailbox(&Email::parse(address).unwrap()), counted);
        }
    }

    #[test]
    fn a_letter_counts_for_a_day_and_the_wait_is_the_oldest_ones() {
        let mut log = LetterLog::default();
        for second in [0, 60, 61] {
            assert_eq!(log.wait(at(second), 3), None);
            log.add(at(second), 3);
        }
        assert_eq!(log.wait(at(100), 3), Some(TimeDelta::hours(24) - TimeDelta::seconds(100)));
        let quota_status = log.quota_status(LimitScope::Mailbox, 3, at(100));
        assert_eq!((quota_status.remaining, quota_status.reset), (0, 24 * 3600 - 39));
        log.forget(at(24 * 3600 - 1));
        assert_eq!(log.letters(), 3);
        log.forget(at(24 * 3600));
        assert_eq!((log.letters(), log.wait(at(24 * 3600), 3)), (2, None));
        // After the quota was lowered, all excess letters must expire first.
        assert_eq!(log.wait(at(24 * 3600), 1), Some(TimeDelta::seconds(61)));
    }

    #[test]
    fn large_quotas_are_kept_in_few_words() {
        let mut log = LetterLog::default();
        for second in 0..24 * 3600 {
            log.add(at(second), 100_000);
        }
        assert!(log.0.len() <= 100, "{}", log.0.len());
        assert_eq!(log.letters(), 24 * 3600);
    }

    proptest! {
        #[test]
        fn text_and_back(moments in proptest::collection::vec((0i64..100_000, 1u32..9), 0..20)) {
            let mut moments = moments;
            moments.sort_unstable();
            let log = LetterLog(moments);
            prop_assert_eq!(log.to_string().parse::<LetterLog>(), Ok(log));
        }

        /// For any sequence of requests: never more than the quota in any 24 hours.
        #[test]
        fn no_day_has_more_than_the_quota(
            steps in proptest::collection::vec(0i64..7200, 1..200),
            quota in 1u32..100,
        ) {
            let (mut log, mut now, mut sent) = (LetterLog::default(), at(0), Vec::new());
            for step in steps {
                now += TimeDelta::seconds(step);
                log.forget(now);
                if log.wait(now, quota).is_none() {
                    log.add(now, quota);
                    sent.push(now);
                }
                let counted = sent.iter().filter(|sent| now - **sent < WINDOW).count();
                prop_assert!(counted <= quota as usize);
            }
        }
    }
}
