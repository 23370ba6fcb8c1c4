//! A provider's answer, and what an answer means for most providers.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};
use serde_json::Value;

use crate::domain::{letter::Wait, mail_fault::MailFault};

/// How long to wait after a 429 that does not say for how long.
const DEFAULT_WAIT: TimeDelta = TimeDelta::seconds(5);
/// The longest part of a web page's title that is shown, in characters.
const MAX_TITLE_LEN: usize = 60;

/// An answer.
pub(in crate::mail) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The beginning of the body, as much of it as was read.
    pub body: Vec<u8>,
}

/// What an answer means for the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mail) enum Verdict {
    /// Accepted, under this message id.
    Accepted(String),
    /// A success without the message id that the provider's documentation promises. Something else may have
    /// answered, as a proxy's maintenance page: the letter is sent again.
    Unproven,
    /// Another attempt may succeed.
    Temporary,
    /// The operator has to put something right, by the provider's own code.
    Operator(MailFault),
    /// The same, by the status alone: the words may name another fault.
    Presumed(MailFault),
    /// Refused, by the status alone: the same letter would be refused again, unless the words name a fault of
    /// the operator's.
    Refused,
    /// The same letter would be refused again, by the provider's own code: for the address, or for this
    /// fault.
    Permanent(Option<MailFault>),
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

    /// The line for [`Verdict::Unproven`].
    pub fn unproven(&self, name: &str) -> String {
        let beginning =
            format!("{name} answered {} without a message id (is MAIL_URL right?)", self.status.as_u16());
        with_reason(beginning, &self.said())
    }

    /// The reason: the members that providers have for it, or else the body, of a web page its title alone.
    pub fn said(&self) -> String {
        let json = self.json();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        // Mailjet has a list of messages, each with its errors.
        let messages = json["Messages"].as_array().into_iter().flatten();
        let lists = messages.map(|message| &message["Errors"]).chain([&json["errors"]]);
        let errors = lists.filter_map(Value::as_array).flatten().filter_map(|error| {
            let message = text(&error["message"]).or_else(|| text(&error["ErrorMessage"]));
            let message = message.or_else(|| text(error))?;
            Some(
                error["field"]
                    .as_str()
                    .map_or_else(|| message.clone(), |field| format!("{message} ({field})")),
            )
        });
        let errors = errors.collect::<Vec<_>>().join("; ");
        let names = ["message", "Message", "Error", "error", "ErrorMessage"];
        let single = names.into_iter().find_map(|name| text(&json[name]));
        let single = single.or_else(|| text(&json["error"]["message"]));
        let body = String::from_utf8_lossy(&self.body);
        match single.or(Some(errors)).filter(|said| !said.trim().is_empty()) {
            Some(said) => said,
            // With blanks between its members, so that it can be cut between words.
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

    /// The verdict by the status alone; `message_id` is the provider's id of the letter. A redirect, 401, 403
    /// and 404 say that `MAIL_URL` is wrong and 402 that the account is not paid. None of them is about the
    /// letter, which is sent once the operator has put that right.
    pub fn usual(&self, message_id: Option<String>) -> Verdict {
        match self.status {
            status if status.is_success() => {
                message_id.filter(|id| !id.is_empty()).map_or(Verdict::Unproven, Verdict::Accepted)
            }
            StatusCode::UNAUTHORIZED => Verdict::Presumed(MailFault::Authentication),
            StatusCode::PAYMENT_REQUIRED => Verdict::Presumed(MailFault::Quota),
            StatusCode::FORBIDDEN => Verdict::Presumed(MailFault::Policy),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Verdict::Presumed(MailFault::Setup),
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::CONFLICT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS => Verdict::Temporary,
            status if status.is_redirection() => Verdict::Presumed(MailFault::Setup),
            status if status.is_client_error() => Verdict::Refused,
            _ => Verdict::Temporary,
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

    /// How long to wait before the next attempt. 429 and 503 apply to every letter.
    pub fn wait(&self, now: DateTime<Utc>) -> Option<Wait> {
        let too_often = self.status == StatusCode::TOO_MANY_REQUESTS;
        let said = self.retry_after(now).or_else(|| self.reset(now).filter(|_| too_often));
        let time = said.or_else(|| too_often.then_some(DEFAULT_WAIT))?;
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

    /// SendGrid's `X-RateLimit-Reset`, in seconds after 1970. Others count milliseconds, or from now on: a
    /// time that is not within the next day is ignored.
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

/// A web page in a few words: its title.
fn page(body: &str) -> String {
    // Of the same length in bytes.
    let lower = body.to_ascii_lowercase();
    let title = lower.split_once("<title>").and_then(|(before, rest)| {
        let begin = before.len() + "<title>".len();
        body.get(begin..begin + rest.find("</title>")?)
    });
    match title.map(str::trim).filter(|title| !title.is_empty()) {
        Some(title) => format!("a web page, {}", title.chars().take(MAX_TITLE_LEN).collect::<String>()),
        None => "a web page".to_owned(),
    }
}

fn until(moment: DateTime<Utc>, now: DateTime<Utc>) -> TimeDelta {
    (moment - now).max(TimeDelta::zero())
}
