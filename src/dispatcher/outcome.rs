//! What became of an attempt.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    db::webhooks::Recorded,
    domain::webhooks::{DISABLE_AFTER, DisabledReason, next_attempt},
};

/// The status by which an endpoint says that it takes no webhooks any more.
const GONE: u16 = 410;

/// What an endpoint answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answered {
    /// This status.
    Status {
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<TimeDelta>,
    },
    /// Nothing, for this reason.
    Nothing(String),
}

impl Answered {
    /// The status, if there was an answer.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::Nothing(_) => None,
        }
    }

    /// Why there was no answer.
    pub(super) fn error(&self) -> Option<&str> {
        match self {
            Self::Status { .. } => None,
            Self::Nothing(why) => Some(why),
        }
    }

    /// What follows for the delivery: a status from 200 to 299 accepts it, everything else does not (Standard
    /// Webhooks, "Delivery success and failure").
    pub(super) fn outcome(&self, attempt: i32, now: DateTime<Utc>, jitter: f64) -> Recorded {
        let retry_after = match self {
            Self::Status { status: 200..=299, .. } => return Recorded::Delivered,
            Self::Status { retry_after, .. } => *retry_after,
            Self::Nothing(_) => None,
        };
        next_attempt(attempt, now, jitter, retry_after).map_or(Recorded::Failed, Recorded::Retry)
    }

    /// Why the endpoint is disabled, if it is, where deliveries fail since then.
    pub(super) fn disables(
        &self,
        failing_since: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Option<DisabledReason> {
        if self.status() == Some(GONE) {
            return Some(DisabledReason::Gone);
        }
        failing_since.filter(|since| now - *since >= DISABLE_AFTER).map(|_| DisabledReason::Failing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_from_200_to_299_accept_and_all_others_do_not() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let of = |status, attempt| Answered::Status { status, retry_after: None }.outcome(attempt, now, 0.5);
        assert_eq!([200, 202, 204, 299].map(|status| of(status, 10)), [Recorded::Delivered; 4]);
        let soon = Recorded::Retry(now + TimeDelta::seconds(5));
        assert_eq!([199, 300, 302, 404, 410, 429, 500].map(|status| of(status, 1)), [soon; 7]);
        assert_eq!(of(500, 10), Recorded::Failed);
        assert_eq!(Answered::Nothing(String::new()).outcome(1, now, 0.5), soon);
        let wait = Some(TimeDelta::seconds(60));
        let busy = Answered::Status { status: 429, retry_after: wait };
        assert_eq!(busy.outcome(1, now, 0.5), Recorded::Retry(now + TimeDelta::seconds(60)));
    }

    #[test]
    fn an_endpoint_is_disabled_when_it_is_gone_or_fails_for_five_days() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let failed = |status| Answered::Status { status, retry_after: None };
        let since = |days| Some(now - TimeDelta::days(days));
        assert_eq!(failed(500).disables(since(4), now), None);
        assert_eq!(failed(500).disables(since(5), now), Some(DisabledReason::Failing));
        assert_eq!(failed(410).disables(Some(now), now), Some(DisabledReason::Gone));
        assert_eq!(failed(200).disables(None, now), None);
    }
}
