//! What is true of each letter, and how the API is to tell it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{DAY, LEASE};

/// What is true of a letter.
#[derive(Debug, Clone)]
pub(super) struct Truth {
    pub(super) to: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) attempts: i64,
    /// When it may be claimed, and whether somebody has it in hand until then.
    pub(super) due: DateTime<Utc>,
    pub(super) leased: bool,
    /// What the last recorded fault says.
    pub(super) error: Option<&'static str>,
    /// Whether the first attempt failed and was recorded.
    pub(super) failed_first: bool,
    pub(super) sent_at: Option<DateTime<Utc>>,
    /// How often the relay read it whole, and how often nobody recorded that.
    pub(super) read: usize,
    pub(super) lost: usize,
}

impl Truth {
    pub(super) fn state(&self, now: DateTime<Utc>) -> &'static str {
        match (self.sent_at, self.leased && now < self.due) {
            (Some(_), _) => "sent",
            (None, true) => "sending",
            (None, false) => "queued",
        }
    }

    /// What the API is to tell.
    pub(super) fn delivery(
        &self,
        now: DateTime<Utc>,
    ) -> (&'static str, i64, Option<DateTime<Utc>>, DateTime<Utc>) {
        (self.state(now), self.attempts, self.sent_at, self.sent_at.unwrap_or(self.created_at) + DAY)
    }

    pub(super) fn claimed(&self, now: DateTime<Utc>) -> Self {
        Self { attempts: self.attempts + 1, due: now + LEASE, leased: true, ..self.clone() }
    }

    /// What is recorded of a claimed one after the relay said this.
    pub(super) fn recorded(&self, now: DateTime<Utc>, outcome: &Outcome) -> Self {
        let Outcome::Fails(error, wait) = outcome else {
            return Self { sent_at: Some(now), error: None, leased: false, ..self.clone() };
        };
        let backoff = TimeDelta::seconds((5 << (self.attempts - 1).min(16)).min(900));
        let failed_first = self.failed_first || self.attempts == 1;
        Self {
            due: now + backoff.max(*wait),
            leased: false,
            error: Some(error),
            failed_first,
            ..self.clone()
        }
    }

    pub(super) fn timeline(&self) -> Vec<&'static str> {
        let mut types = vec!["created", "email_queued"];
        types.extend(self.failed_first.then_some("email_failed"));
        types.extend(self.sent_at.map(|_| "email_sent"));
        types
    }
}

/// What the relay makes of an attempt.
pub(super) enum Outcome {
    Taken,
    Fails(&'static str, TimeDelta),
}

pub(super) fn time(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str().map(|text| DateTime::parse_from_rfc3339(text).unwrap().to_utc())
}

/// What the API tells of an invitation.
pub(super) fn delivery_shown(shown: &Value) -> (&str, i64, Option<DateTime<Utc>>, DateTime<Utc>) {
    let delivery = &shown["delivery"];
    let (state, attempts) = (delivery["state"].as_str().unwrap(), delivery["attempts"].as_i64().unwrap());
    (state, attempts, time(&delivery["sent_at"]), time(&shown["expires_at"]).unwrap())
}
