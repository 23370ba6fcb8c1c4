//! What a relay or a provider says of whoever sends is warned of once a minute, and not once a letter.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::mail_fault::MailFault;

/// How long nothing is said after a warning.
const EVERY: TimeDelta = TimeDelta::minutes(1);

/// When it was last warned of, and how many attempts met such a refusal since. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct SenderFaultWarning(Arc<Mutex<(Option<DateTime<Utc>>, u64)>>);

/// What became of a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Warned {
    /// It was logged.
    Logged,
    /// It was counted for the next one.
    Withheld,
}

impl SenderFaultWarning {
    /// Warns of a refusal, unless that was done less than a minute before `now`.
    pub(super) fn warn(&self, fault: MailFault, said: &str, relay: &str, now: DateTime<Utc>) -> Warned {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, attempts) = &mut *state;
        *attempts += 1;
        // A clock that was put back must not silence it.
        if last.is_some_and(|last| (TimeDelta::zero()..EVERY).contains(&(now - last))) {
            return Warned::Withheld;
        }
        let attempts = std::mem::take(attempts);
        *last = Some(now);
        tracing::warn!(
            relay,
            fault = fault.as_str(),
            attempts,
            error = said,
            "{}; letters wait",
            fault.explanation()
        );
        Warned::Logged
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Warned::{Logged, Withheld},
        *,
    };

    #[test]
    fn one_warning_a_minute() {
        let (refused, start) =
            (SenderFaultWarning::default(), DateTime::from_timestamp(1_795_000_000, 0).unwrap());
        let warned = |seconds| {
            refused.warn(MailFault::Sender, "554 no", "smtp://relay", start + TimeDelta::seconds(seconds))
        };
        assert_eq!(
            [0, 1, 59, 60, 61, 119, 120, -1].map(warned),
            [Logged, Withheld, Withheld, Logged, Withheld, Withheld, Logged, Logged]
        );
    }
}
