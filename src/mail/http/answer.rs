//! A service's answer, and what most services mean by theirs.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde_json::Value;

use crate::domain::letter::Wait;

/// Who is asked too often and does not say for how long is left alone for this.
const A_MOMENT: TimeDelta = TimeDelta::seconds(5);

/// An answer that came.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// As much of it as was read.
    pub body: Vec<u8>,
}

/// What it means for the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Taken; the service calls it so.
    Taken(Option<String>),
    /// Another attempt may do better, or an operator can put it right.
    Later,
    /// The same letter would be refused again.
    Never,
}

impl Answer {
    /// A line for the timeline and the log.
    pub fn line(&self, name: &str) -> String {
        let (status, said) = (self.status.as_u16(), String::from_utf8_lossy(&self.body));
        match self.status {
            StatusCode::UNAUTHORIZED => format!("{name} refuses the credentials in MAIL_URL (401): {said}"),
            _ => format!("{name} answered {status}: {said}"),
        }
    }

    /// What the status alone says. A redirect, 401, 403 and 404 say that `MAIL_URL` is wrong, 402 that nobody has paid, and
    /// nothing of the letter: once somebody has put it right, the letter goes out.
    pub fn usual(&self, message_id: Option<String>) -> Verdict {
        match self.status {
            status if status.is_success() => Verdict::Taken(message_id),
            StatusCode::UNAUTHORIZED
            | StatusCode::PAYMENT_REQUIRED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::CONFLICT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS => Verdict::Later,
            status if status.is_client_error() => Verdict::Never,
            _ => Verdict::Later,
        }
    }

    /// The body; null where it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
    }

    /// How long to stay away from now on. Who is asked too often (429), or is out of service and says for how long, speaks of
    /// every letter.
    pub fn wait(&self, now: DateTime<Utc>) -> Option<Wait> {
        let too_often = self.status == StatusCode::TOO_MANY_REQUESTS;
        let said = self.retry_after(now).or_else(|| self.reset(now).filter(|_| too_often));
        let time = said.or_else(|| too_often.then_some(A_MOMENT))?;
        Some(Wait { time, every_letter: too_often || self.status == StatusCode::SERVICE_UNAVAILABLE })
    }

    /// `Retry-After`, in seconds or as a date (RFC 9110 §10.2.3).
    fn retry_after(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let text = self.header(RETRY_AFTER.as_str())?;
        match text.parse() {
            Ok(seconds) => TimeDelta::try_seconds(seconds),
            Err(_) => DateTime::parse_from_rfc2822(text).ok().map(|date| until(date.to_utc(), now)),
        }
    }

    /// The moment that SendGrid calls `X-RateLimit-Reset`, in seconds after 1970. Others count milliseconds, or from now on;
    /// what means no moment of the next day is not believed.
    fn reset(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let reset = self.header("x-ratelimit-reset")?;
        DateTime::from_timestamp(reset.parse().ok()?, 0).map(|at| until(at, now)).filter(|time| *time <= TimeDelta::days(1))
    }
}

fn until(moment: DateTime<Utc>, now: DateTime<Utc>) -> TimeDelta {
    (moment - now).max(TimeDelta::zero())
}
