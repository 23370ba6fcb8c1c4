//! What providers report of letters that they took: verified, and read into one form. One file a provider.

mod hard;
mod mailgun;
mod postmark;
mod reason;
mod resend;
mod sendgrid;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    ids::LetterId,
    mail_fault::MailFault,
    relay_reply::{About, Reply},
    suppression::SuppressionReason,
    token::hex,
};

/// A signature may be dated ahead by so much: clocks differ.
const AHEAD: TimeDelta = TimeDelta::minutes(5);
/// The longest name of an event that is kept as it is.
const LONGEST_NAME: usize = 200;

closed_set! {
    /// Who takes letters and reports on them.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Provider {
        /// <https://postmarkapp.com/developer/webhooks/webhooks-overview>
        Postmark = "postmark",
        /// <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>
        Sendgrid = "sendgrid",
        /// <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhooks>
        Mailgun = "mailgun",
        /// <https://resend.com/docs/webhooks/introduction>
        Resend = "resend",
    }
}

impl Provider {
    /// The name that people know it by.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Postmark => "Postmark",
            Self::Sendgrid => "SendGrid",
            Self::Mailgun => "Mailgun",
            Self::Resend => "Resend",
        }
    }

    /// The variable that holds its secret or its public key.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Self::Postmark => "MAIL_EVENTS_POSTMARK",
            Self::Sendgrid => "MAIL_EVENTS_SENDGRID",
            Self::Mailgun => "MAIL_EVENTS_MAILGUN",
            Self::Resend => "MAIL_EVENTS_RESEND",
        }
    }

    /// The provider of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == name)
    }
}

closed_set! {
    /// What becomes of a letter after a provider took it; a later one here outranks an earlier one, in
    /// whatever order they arrive.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum DeliveryStatus {
        /// It was not taken yet.
        Deferred = "deferred",
        /// The mailbox's server took it.
        Delivered = "delivered",
        /// It came back.
        Bounced = "bounced",
        /// The person called it spam.
        Complained = "complained",
    }
}

/// What a provider says of one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryEvent {
    /// The provider's name for this event: the same one comes again when it is told again.
    pub event_id: String,
    /// Our id of the letter, where the provider gives it back.
    pub letter: Option<LetterId>,
    /// The names under which the provider may have taken it, the likeliest first.
    pub message_ids: Vec<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened; `None` is nothing that matters here: an opening, an automatic reply.
    pub fate: Option<DeliveryStatus>,
    /// What is at fault in place of the address: a letter that came back for what the operator has to put
    /// right has failed, and did not bounce.
    pub fault: Option<MailFault>,
    /// It may be no more than an automatic reply, which follows a delivery: then it says nothing of a
    /// delivered letter.
    pub may_be_reply: bool,
    /// Why, in a short line without an address or a link.
    pub reason: Option<String>,
    /// Whether it says that there is no such mailbox.
    pub no_such_mailbox: bool,
}

impl DeliveryEvent {
    /// Why the address is not to be written to again, if it is not.
    #[must_use]
    pub fn suppresses(&self) -> Option<SuppressionReason> {
        match self.fate {
            Some(DeliveryStatus::Complained) => Some(SuppressionReason::Complained),
            Some(DeliveryStatus::Bounced) if self.no_such_mailbox => Some(SuppressionReason::Bounced),
            _ => None,
        }
    }
}

/// What a request says, once it has proved where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it reports.
    pub reports: Vec<DeliveryEvent>,
    /// What is to be spent first, where the signature is not over the reports.
    pub token: Option<Token>,
}

impl From<Vec<DeliveryEvent>> for Verified {
    fn from(reports: Vec<DeliveryEvent>) -> Self {
        Self { reports, token: None }
    }
}

/// What was signed in place of an event: it proves the first one that it comes with, and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The token, or its digest.
    pub name: String,
    /// The digest of the event that it came with.
    pub event: String,
}

/// Why nothing was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookError {
    /// The secret or the signature is missing or wrong, or it is too old.
    Unverified,
    /// It is no JSON.
    NoJson,
    /// It is JSON of another form.
    OtherForm,
}

/// A request as a provider sent it.
pub struct WebhookRequest<'a> {
    /// A header's value, by its name in lower case.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The body, byte by byte as it came: signatures are over it.
    pub body: &'a [u8],
    /// When it came.
    pub now: DateTime<Utc>,
}

impl WebhookRequest<'_> {
    fn json(&self) -> Result<Value, WebhookError> {
        serde_json::from_slice(self.body).map_err(|_| WebhookError::NoJson)
    }

    /// Whether a signature of so many seconds after 1970 is still believed, for as long as `window` after it
    /// was made. Whole seconds count, as the providers' own libraries have it: a signature of five minutes
    /// ago is five minutes old until the second is over.
    fn is_fresh(&self, seconds: &str, window: TimeDelta) -> bool {
        let age = seconds.parse().ok().and_then(|signed: i64| self.now.timestamp().checked_sub(signed));
        age.is_some_and(|age| (-AHEAD.num_seconds()..=window.num_seconds()).contains(&age))
    }

    /// The time of an event; one that lies ahead, or before 1970, or cannot be read, is now.
    fn at(&self, at: Option<DateTime<Utc>>) -> DateTime<Utc> {
        at.filter(|at| (DateTime::UNIX_EPOCH..self.now).contains(at)).unwrap_or(self.now)
    }
}

/// What proves that a provider sent something.
#[derive(Clone)]
pub enum Key {
    /// A secret that comes with each request.
    Postmark(postmark::Key),
    /// A public key.
    Sendgrid(sendgrid::Key),
    /// A secret that signs.
    Mailgun(mailgun::Key),
    /// A secret that signs.
    Resend(resend::Key),
}

/// `Debug` ends in logs: no secret.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// Reads a key as it is configured.
    ///
    /// # Errors
    /// What is wrong with it, in words that do not hold it.
    pub fn parse(provider: Provider, text: &str) -> Result<Self, &'static str> {
        Ok(match provider {
            Provider::Postmark => Self::Postmark(postmark::Key::parse(text)?),
            Provider::Sendgrid => Self::Sendgrid(sendgrid::Key::parse(text)?),
            Provider::Mailgun => Self::Mailgun(mailgun::Key::parse(text)?),
            Provider::Resend => Self::Resend(resend::Key::parse(text)?),
        })
    }

    /// Whether the headers alone, before a body is held, leave it possible that it is genuine: a secret that
    /// is right, or a signature that is there, well formed and of the present. Mailgun signs in the body.
    #[must_use]
    pub fn admits<'a>(&self, header: &'a dyn Fn(&str) -> Option<&'a str>, now: DateTime<Utc>) -> bool {
        let posted = WebhookRequest { header, body: &[], now };
        match self {
            Self::Postmark(key) => key.is_proven(&posted),
            Self::Sendgrid(_) => sendgrid::is_signed(&posted),
            Self::Mailgun(_) => true,
            Self::Resend(_) => resend::is_signed(&posted),
        }
    }

    /// Verifies what came, and reads it.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub fn read(&self, posted: &WebhookRequest<'_>) -> Result<Verified, WebhookError> {
        match self {
            Self::Postmark(key) => key.read(posted).map(Verified::from),
            Self::Sendgrid(key) => key.read(posted).map(Verified::from),
            Self::Mailgun(key) => key.read(posted),
            Self::Resend(key) => key.read(posted).map(Verified::from),
        }
    }
}

/// The keys of the providers that may report.
#[derive(Debug, Clone, Default)]
pub struct Keys(pub Vec<(Provider, Key)>);

impl Keys {
    /// The key of this one, when it may report.
    #[must_use]
    pub fn of(&self, provider: Provider) -> Option<&Key> {
        self.0.iter().find(|(known, _)| *known == provider).map(|(_, key)| key)
    }
}

/// A text that says something.
fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// The first of these that says something, as a reason.
fn reason(value: &Value, pointers: &[&str]) -> Option<String> {
    pointers.iter().find_map(|pointer| reason::line(text(value, pointer)?))
}

/// What the words of a refusal say of whoever sends, where a provider passes on what the recipient's server
/// said.
fn fault_in_words(text: &str, recipient: Option<&str>) -> Option<MailFault> {
    let recipient: &[&str] = &[recipient.unwrap_or_default()];
    match (Reply { text, sender: "", recipient, recipient_accepted: false, content: &[] }).about() {
        About::Us(fault) => Some(fault),
        About::Recipient | About::Unknown => None,
    }
}

/// What is at fault where the mailbox is full, or where a provider gave up: nothing, of the address, unless a
/// server said that there is no such mailbox.
fn unavailable(said: &str, recipient: Option<&str>, gave_up: bool) -> Option<MailFault> {
    let recipient: &[&str] = &[recipient.unwrap_or_default()];
    let about =
        (Reply { text: said, sender: "", recipient, recipient_accepted: false, content: &[] }).about();
    let is_unavailable = hard::is_of_a_full_mailbox(said) || gave_up && about != About::Recipient;
    is_unavailable.then_some(MailFault::Unavailable)
}

fn letter(value: &Value, pointer: &str) -> Option<LetterId> {
    text(value, pointer)?.parse().ok()
}

/// The letter whose `Message-ID` this is, with its angle brackets or without: ours is `<LETTER@DOMAIN>`, and
/// tells a provider's reports about letters that were handed to it by SMTP, where it is told no more of them.
fn letter_of_message_id(message_id: &str) -> Option<LetterId> {
    message_id.trim_start_matches('<').split_once('@')?.0.parse().ok()
}

/// A name that a row can hold: one that is long or strange is kept by its digest.
fn named(id: Option<String>, event: &Value) -> String {
    match id {
        Some(id) if id.len() <= LONGEST_NAME && id.bytes().all(|byte| byte.is_ascii_graphic()) => id,
        Some(id) => digest(&id),
        None => digest(&event.to_string()),
    }
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// Names of a letter that a row can hold.
fn message_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let good =
        |id: &&str| (1..=LONGEST_NAME).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    ids.into_iter().filter(good).map(str::to_owned).collect()
}

/// Seconds after 1970, with a fraction perhaps, as a number or as text.
fn seconds(value: &Value, pointer: &str) -> Option<DateTime<Utc>> {
    let seconds = value.pointer(pointer)?.as_f64().or_else(|| text(value, pointer)?.parse().ok())?;
    let millis = (seconds * 1000.0).round();
    // Beyond, a float holds no whole number for certain.
    let safe = millis.abs() < 9e15;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and within 2^53")]
    safe.then_some(millis as i64).and_then(DateTime::from_timestamp_millis)
}

fn rfc3339(value: &Value, pointer: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text(value, pointer)?).ok().map(|at| at.to_utc())
}

/// Whether `given` is the HMAC-SHA-256 of these parts together, compared in constant time.
fn signs(secret: &[u8], parts: &[&[u8]], given: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(given).is_ok()
}
