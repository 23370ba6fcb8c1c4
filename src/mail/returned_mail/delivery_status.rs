//! Reads `message/delivery-status` (RFC 3464).

use chrono::{DateTime, Utc};

use super::{
    fields::{fields, untyped},
    headers::time,
    own_text::up_to,
};
use crate::domain::enhanced_status::StatusCode;

/// The longest diagnostic text that is judged, in characters.
const MAX_DIAGNOSTIC: usize = 1000;
/// No address is longer (RFC 5321 §4.5.3.1.3), in bytes.
const MAX_ADDRESS: usize = 320;

/// What was done about a recipient; a later one here is graver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    /// Relayed or expanded.
    Noted,
    Delivered,
    Delayed,
    Failed,
}

/// The report about one recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Recipient {
    action: Option<Action>,
    pub status: Option<StatusCode>,
    /// What the other server said.
    pub diagnostic: Option<String>,
    /// Their addresses: as they were when the letter was sent, and at the end.
    pub addresses: Vec<String>,
    /// The address that the report is about, in the end: a letter may have been forwarded.
    pub final_address: Option<String>,
    pub last_attempt: Option<DateTime<Utc>>,
}

impl Recipient {
    /// What was done: as reported, or by the code where the report does not say it.
    pub fn action(&self) -> Option<Action> {
        self.action.or_else(|| match self.status?.class {
            2 => Some(Action::Delivered),
            4 => Some(Action::Delayed),
            _ => Some(Action::Failed),
        })
    }
}

/// A report.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub envelope_id: Option<String>,
    pub reporting_mta: Option<String>,
    pub arrived_at: Option<DateTime<Utc>>,
    /// The recipient about whom the most severe action is reported; the first of several.
    pub recipient: Option<Recipient>,
}

impl Report {
    pub fn parse(text: &str) -> Self {
        let mut report = Self::default();
        let mut current = Recipient::default();
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in fields(text) {
            // A field that is there already begins the next recipient.
            if is_of_recipient(&name) && seen.contains(&name) {
                report.add(std::mem::take(&mut current));
                seen.clear();
            }
            match name.as_str() {
                "original-envelope-id" => report.envelope_id = Some(value),
                "reporting-mta" => report.reporting_mta = host(&value),
                "arrival-date" => report.arrived_at = date(&value),
                "action" => current.action = action(&value),
                "status" => current.status = status(&value),
                "diagnostic-code" => current.say(untyped(&value)),
                "x-supplementary-info" => current.say(&value),
                "last-attempt-date" => current.last_attempt = date(&value),
                "original-recipient" => current.addresses.push(address(&value)),
                "final-recipient" => {
                    current.addresses.push(address(&value));
                    current.final_address = Some(address(&value));
                }
                _ => continue,
            }
            seen.push(name);
        }
        report.add(current);
        report
    }

    fn add(&mut self, recipient: Recipient) {
        let is_graver = self.recipient.as_ref().is_none_or(|known| recipient.action() > known.action());
        if recipient.action().is_some() && is_graver {
            self.recipient = Some(recipient);
        }
    }
}

impl Recipient {
    fn say(&mut self, text: &str) {
        let mut said = self.diagnostic.take().map(|said| said + " ").unwrap_or_default();
        said.push_str(text);
        if let Some((end, _)) = said.char_indices().nth(MAX_DIAGNOSTIC) {
            said.truncate(end);
        }
        self.diagnostic = Some(said).filter(|said| !said.is_empty());
    }
}

fn is_of_recipient(name: &str) -> bool {
    matches!(name, "original-recipient" | "final-recipient" | "action" | "status" | "diagnostic-code")
}

/// `failure` and `error` are no actions of RFC 3464, and are in reports of old servers.
fn action(value: &str) -> Option<Action> {
    let word = value.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    match word.to_ascii_lowercase().as_str() {
        "failed" | "failure" | "fail" | "error" => Some(Action::Failed),
        "delayed" | "delay" | "deferred" => Some(Action::Delayed),
        "delivered" => Some(Action::Delivered),
        "relayed" | "expanded" => Some(Action::Noted),
        _ => None,
    }
}

/// The beginning of one that is too long is no address of a letter.
fn address(value: &str) -> String {
    up_to(untyped(value).trim_matches(['<', '>']), MAX_ADDRESS + 1).to_owned()
}

/// The code, which a comment may follow.
fn status(value: &str) -> Option<StatusCode> {
    value.split(|c: char| !(c.is_ascii_digit() || c == '.')).find_map(|word| word.parse().ok())
}

/// A server's name, without its type.
fn host(value: &str) -> Option<String> {
    let name = untyped(value).split_whitespace().next()?;
    let is_host =
        name.len() <= 255 && name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:[]".contains(c));
    is_host.then(|| name.to_owned())
}

/// A date of RFC 5322.
fn date(value: &str) -> Option<DateTime<Utc>> {
    mail_parser::DateTime::parse_rfc822(value).as_ref().and_then(time)
}
