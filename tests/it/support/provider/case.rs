//! What a mail provider's tests need of it: how it is configured, what it answers, and how it reports.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    CannedAnswer,
    signing::{SECRET, other_headers},
};

/// The states that a report can bring a letter to, in the order of their weight.
pub const STATES: [&str; 4] = ["deferred", "delivered", "bounced", "complained"];

/// Headers and a body.
pub type Request = (Vec<(&'static str, String)>, String);

/// A mail provider that reports of its letters.
pub struct ProviderCase {
    pub provider: &'static str,
    /// `MAIL_URL` without `?api=`.
    pub mail_url: &'static str,
    /// Its answer to a letter that it accepts.
    pub accepted: CannedAnswer<'static>,
    /// The id that it gives that letter, as its reports have it.
    pub message_id: &'static str,
    /// An answer that blames the account, and a word of the reason that staff see then.
    pub refused: (CannedAnswer<'static>, &'static str),
    /// What it reports. It is called for the states that it can report alone.
    pub event: fn(&Event<'_>) -> Value,
    pub reports: Reports,
}

/// How a provider's reports come.
pub struct Reports {
    /// The key of its webhook.
    pub key: String,
    /// The states of which there is no report.
    pub unreported: &'static [&'static str],
    /// Whether a request may have several events.
    pub is_batched: bool,
    /// The request that brings these events.
    pub request: fn(events: &[Value], now: DateTime<Utc>) -> Request,
    /// The same request from one who does not know the key.
    pub forged: fn(Request) -> Request,
}

impl Reports {
    /// One event at a time, of every state, in requests that headers prove.
    pub fn single(key: &str, request: fn(&[Value], DateTime<Utc>) -> Request) -> Self {
        Self { key: key.to_owned(), unreported: &[], is_batched: false, request, forged: other_headers }
    }

    /// The same where nothing is signed.
    pub fn unsigned(request: fn(&[Value], DateTime<Utc>) -> Request) -> Self {
        Self::single(SECRET, request)
    }
}

/// An event that a provider is to report.
pub struct Event<'a> {
    /// What the letter becomes by it.
    pub state: &'a str,
    /// Our id of the letter, where the report names it by that.
    pub letter: Option<&'a str>,
    /// The provider's id, where the report has no other.
    pub message_id: Option<&'a str>,
    /// What distinguishes it from other events.
    pub id: &'a str,
    /// When it happened, in seconds after 1970.
    pub at: i64,
}

impl Event<'_> {
    /// The value for its state, of four in the order of [`STATES`].
    pub fn by_state<T: Copy>(&self, values: [T; 4]) -> T {
        let place = STATES.iter().position(|state| *state == self.state);
        values[place.expect("one of the states")]
    }
}

impl ProviderCase {
    /// The states that it can report.
    pub fn states(&self) -> Vec<&'static str> {
        STATES.into_iter().filter(|state| !self.reports.unreported.contains(state)).collect()
    }

    /// The event by which the letter with our id `letter` gets to a state.
    pub fn event_of_letter(&self, state: &str, letter: &str, id: &str, at: i64) -> Value {
        (self.event)(&Event { state, letter: Some(letter), message_id: None, id, at })
    }

    /// The event by which the letter that it accepted gets to a state; it has no other name than its own.
    pub fn event_of_accepted(&self, state: &str, id: &str, at: i64) -> Value {
        (self.event)(&Event { state, letter: None, message_id: Some(self.message_id), id, at })
    }
}
