//! A service's answer, and what most services mean by theirs.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};
use serde_json::Value;

use crate::domain::{letter::Wait, mail_fault::MailFault};

/// Who is asked too often and does not say for how long is left alone for this.
const A_MOMENT: TimeDelta = TimeDelta::seconds(5);
/// As much of a web page's title as is shown.
const LONGEST_TITLE: usize = 60;

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
    Taken(String),
    /// A success that lacks what the service's documentation says comes with one. Something else answered, as
    /// a proxy does with the page that tells of maintenance: the letter is tried again.
    Unproven,
    /// Another attempt may do better.
    Later,
    /// An operator can put it right, as the provider's own code says.
    Operator(MailFault),
    /// The same, so far as the status says: the words may say more.
    Presumed(MailFault),
    /// Refused, so far as the status says: the same letter would be refused again, unless the words speak of
    /// the operator.
    Refused,
    /// The same letter would be refused again, as the provider's own code says.
    Never,
}

impl Answer {
    /// A line for the timeline and the log.
    pub fn line(&self, name: &str) -> String {
        let beginning = match self.status {
            StatusCode::UNAUTHORIZED => format!("{name} refuses the credentials in MAIL_URL (401)"),
            status => format!("{name} answered {}", status.as_u16()),
        };
        with_reason(beginning, &self.said())
    }

    /// The line for a success that proves nothing.
    pub fn unproven(&self, name: &str) -> String {
        let beginning =
            format!("{name} answered {} without a message id (is MAIL_URL right?)", self.status.as_u16());
        with_reason(beginning, &self.said())
    }

    /// The reason in the members that the services have for it; otherwise the body, but of a web page no more
    /// than its title.
    pub fn said(&self) -> String {
        let json = self.json();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let errors = json["errors"].as_array().into_iter().flatten().filter_map(|error| {
            let message = text(&error["message"]).or_else(|| text(error))?;
            Some(
                error["field"]
                    .as_str()
                    .map_or_else(|| message.clone(), |field| format!("{message} ({field})")),
            )
        });
        let errors = errors.collect::<Vec<_>>().join("; ");
        let single = ["message", "Message", "Error", "error"].into_iter().find_map(|name| text(&json[name]));
        let body = String::from_utf8_lossy(&self.body);
        match single.or(Some(errors)).filter(|said| !said.trim().is_empty()) {
            Some(said) => said,
            // With blanks between its members, of which there would be none otherwise.
            None if !json.is_null() => format!("{json:#}"),
            None if self.is_page() => page(&body),
            None => body.into_owned(),
        }
    }

    fn is_page(&self) -> bool {
        let declared = self
            .header(CONTENT_TYPE.as_str())
            .is_some_and(|value| value.to_ascii_lowercase().contains("html"));
        declared || self.body.trim_ascii_start().starts_with(b"<")
    }

    /// What the status alone says, with the service's name for the letter where it gave one. A redirect, 401,
    /// 403 and 404 say that `MAIL_URL` is wrong, 402 that nobody has paid, and nothing of the letter: once
    /// somebody has put it right, the letter goes out.
    pub fn usual(&self, message_id: Option<String>) -> Verdict {
        match self.status {
            status if status.is_success() => {
                message_id.filter(|id| !id.is_empty()).map_or(Verdict::Unproven, Verdict::Taken)
            }
            StatusCode::UNAUTHORIZED => Verdict::Presumed(MailFault::Authentication),
            StatusCode::PAYMENT_REQUIRED => Verdict::Presumed(MailFault::Quota),
            StatusCode::FORBIDDEN => Verdict::Presumed(MailFault::Policy),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Verdict::Presumed(MailFault::Setup),
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::CONFLICT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS => Verdict::Later,
            status if status.is_redirection() => Verdict::Presumed(MailFault::Setup),
            status if status.is_client_error() => Verdict::Refused,
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

    /// How long to stay away from now on. Who is asked too often (429), or is out of service and says for how
    /// long, speaks of every letter.
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

    /// The moment that SendGrid calls `X-RateLimit-Reset`, in seconds after 1970. Others count milliseconds,
    /// or from now on; what means no moment of the next day is not believed.
    fn reset(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let reset = self.header("x-ratelimit-reset")?;
        DateTime::from_timestamp(reset.parse().ok()?, 0)
            .map(|at| until(at, now))
            .filter(|time| *time <= TimeDelta::days(1))
    }
}

fn with_reason(beginning: String, said: &str) -> String {
    if said.trim().is_empty() { beginning } else { format!("{beginning}: {said}") }
}

/// A web page in a few words.
fn page(body: &str) -> String {
    // Of the same length in bytes.
    let lower = body.to_ascii_lowercase();
    let title = lower.split_once("<title>").and_then(|(before, rest)| {
        let begin = before.len() + "<title>".len();
        body.get(begin..begin + rest.find("</title>")?)
    });
    match title.map(str::trim).filter(|title| !title.is_empty()) {
        Some(title) => format!("a web page, {}", title.chars().take(LONGEST_TITLE).collect::<String>()),
        None => "a web page".to_owned(),
    }
}

fn until(moment: DateTime<Utc>, now: DateTime<Utc>) -> TimeDelta {
    (moment - now).max(TimeDelta::zero())
}
