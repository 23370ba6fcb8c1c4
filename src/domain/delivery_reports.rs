//! What mail providers report of letters that they accepted: delivery events, and the webhooks that bring
//! them.
//!
//! The providers themselves are in `mail::providers`, one file each. What is here is common to all: the form
//! of an event, and the trait by which a provider's file verifies and reads a webhook's request.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    enhanced_status::StatusCode, ids::LetterId, mail_fault::MailFault, suppression::SuppressionReason,
    webhook_client::WebhookClient,
};

/// How far ahead of this clock a signature may be dated: clocks differ.
const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

/// A mail provider. The values are in the table of providers, `mail::providers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// The name that requests, rows, metrics and `MAIL_URL` use.
    pub name: &'static str,
    /// The name that people know it by.
    pub title: &'static str,
}

closed_set! {
    /// What became of a letter after a provider accepted it. A later one here outranks an earlier one, in
    /// whatever order they are reported.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum DeliveryStatus {
        /// The recipient's server did not accept it yet; the provider tries again.
        Deferred = "deferred",
        /// The recipient's server accepted it.
        Delivered = "delivered",
        /// It was returned, or the provider gave up.
        Bounced = "bounced",
        /// The recipient called it spam.
        Complained = "complained",
    }
}

/// What a provider reports of one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryEvent {
    /// The provider's id of the event. An event that is sent again has the same one.
    pub event_id: String,
    /// This service's id of the letter, where the provider returns it.
    pub letter: Option<LetterId>,
    /// The message ids that the provider may have given the letter, the likeliest first.
    pub message_ids: Vec<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The letter's status by this event. `None` for events that do not matter here, as an opening or an
    /// automatic reply.
    pub status: Option<DeliveryStatus>,
    /// What is at fault where it is not the address. A letter that bounced for a fault of the operator's has
    /// failed and says nothing of the address.
    pub fault: Option<MailFault>,
    /// Whether it may be an automatic reply that is reported as a bounce. Such an event changes no delivered
    /// letter.
    pub may_be_reply: bool,
    /// Why, in one short line without an address or a link.
    pub reason: Option<String>,
    /// Whether it says that the mailbox does not exist.
    pub no_such_mailbox: bool,
    /// The enhanced status code of the failure (RFC 3463). A provider's file leaves it to
    /// [`Self::with_code_of_reason`].
    pub status_code: Option<StatusCode>,
}

impl DeliveryEvent {
    /// The same with the first code in the reason, unless one is given.
    #[must_use]
    pub fn with_code_of_reason(self) -> Self {
        let in_reason = self.reason.as_deref().and_then(StatusCode::first_in);
        let status_code = self.status_code.or(in_reason).filter(|code| !code.is_undefined());
        Self { status_code, ..self }
    }

    /// Why no further letters are sent to the address, if that follows from the event.
    #[must_use]
    pub fn suppresses(&self) -> Option<SuppressionReason> {
        match self.status {
            Some(DeliveryStatus::Complained) => Some(SuppressionReason::Complained),
            Some(DeliveryStatus::Bounced) if self.no_such_mailbox => Some(SuppressionReason::Bounced),
            _ => None,
        }
    }
}

/// The content of a request whose origin is verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// The events that it reports.
    pub events: Vec<DeliveryEvent>,
    /// The token to be spent first, where the signature does not cover the events.
    pub token: Option<Token>,
    /// The URL to be opened, by which the provider learns that its requests are wanted here.
    pub confirm: Option<String>,
    /// What the provider has to be answered, where it expects an answer.
    pub answer: Option<serde_json::Value>,
}

impl From<Vec<DeliveryEvent>> for Verified {
    fn from(events: Vec<DeliveryEvent>) -> Self {
        Self { events, ..Self::default() }
    }
}

/// A value that was signed in place of an event. It verifies the first event that it comes with and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The token, or its digest.
    pub name: String,
    /// The digest of the event that it came with.
    pub event: String,
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookError {
    /// The secret or the signature is missing, wrong or too old.
    Unverified,
    /// The body is not JSON.
    NoJson,
    /// The body is JSON of another form than the provider's.
    OtherForm,
}

/// A webhook's request.
pub struct WebhookRequest<'a> {
    /// Looks up a header's value by its name in lower case.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The body, byte by byte as it was received: signatures cover it.
    pub body: &'a [u8],
    /// The document that [`WebhookVerifier::document`] names.
    pub document: Option<&'a [u8]>,
    /// When it was received.
    pub now: DateTime<Utc>,
}

impl WebhookRequest<'_> {
    /// The body as JSON.
    ///
    /// # Errors
    /// [`WebhookError::NoJson`].
    pub fn json(&self) -> Result<serde_json::Value, WebhookError> {
        serde_json::from_slice(self.body).map_err(|_| WebhookError::NoJson)
    }

    /// Whether a signature made at `seconds` after 1970 is accepted: for as long as `window` after it was
    /// made. Whole seconds are compared, as the providers' own libraries do: a signature of five minutes ago
    /// is five minutes old until the second is over.
    #[must_use]
    pub fn is_fresh(&self, seconds: &str, window: TimeDelta) -> bool {
        let age = seconds.parse().ok().and_then(|signed: i64| self.now.timestamp().checked_sub(signed));
        age.is_some_and(|age| (-MAX_CLOCK_SKEW.num_seconds()..=window.num_seconds()).contains(&age))
    }

    /// The time of an event. One that is in the future, before 1970 or unreadable becomes now.
    #[must_use]
    pub fn at(&self, at: Option<DateTime<Utc>>) -> DateTime<Utc> {
        at.filter(|at| (DateTime::UNIX_EPOCH..self.now).contains(at)).unwrap_or(self.now)
    }
}

/// Verifies and reads the requests of one provider's webhook. It holds the configured key.
pub trait WebhookVerifier: Send + Sync {
    /// Whether the headers alone, before the body is read, allow that the request is genuine: the secret is
    /// right, or a signature is there, well formed and recent. The request's body is empty.
    ///
    /// A provider that signs in the body accepts every request here.
    fn admits(&self, request: &WebhookRequest<'_>) -> bool;

    /// Whether requests bring a secret, which could be guessed: [`Self::admits`] then decides alone, and
    /// wrong secrets make their address wait. A signature cannot be guessed. A provider sends the requests
    /// of all its customers from the same addresses, so that those of another customer must not make the
    /// genuine ones wait.
    fn has_secret(&self) -> bool {
        false
    }

    /// The URL of the document that the request is verified with, as a certificate; `None` where it needs
    /// none. The URL is one of the provider's own, whatever the request says.
    ///
    /// # Errors
    /// [`WebhookError`] where the request cannot be genuine, whatever the document is.
    fn document(&self, _: &WebhookRequest<'_>) -> Result<Option<String>, WebhookError> {
        Ok(None)
    }

    /// Verifies the request and reads its events.
    ///
    /// # Errors
    /// [`WebhookError`].
    fn read(&self, request: &WebhookRequest<'_>) -> Result<Verified, WebhookError>;

    /// The media types of the provider's requests; each body is JSON.
    fn media_types(&self) -> &'static [&'static str] {
        &["application/json"]
    }

    /// Whether the provider asks by `OPTIONS` if its requests are wanted here (CloudEvents, HTTP 1.1 Web
    /// Hooks, §4). The answer is yes where [`Self::admits`] holds.
    fn allows_origin(&self) -> bool {
        false
    }

    /// What `WWW-Authenticate` asks for when a request is not verified (RFC 9110 §15.5.2).
    fn challenge(&self) -> &'static str {
        "Signature"
    }
}

/// The providers that have webhooks, each with its verifier where its key is configured, and the client that
/// asks them.
#[derive(Clone, Default)]
pub struct Webhooks {
    providers: Vec<(Provider, Option<Arc<dyn WebhookVerifier>>)>,
    client: Option<Arc<dyn WebhookClient>>,
}

impl Webhooks {
    /// Adds a provider after the others.
    pub fn add(&mut self, provider: Provider, verifier: Option<Arc<dyn WebhookVerifier>>) {
        self.providers.push((provider, verifier));
    }

    /// The same with this client.
    #[must_use]
    pub fn with_client(self, client: Arc<dyn WebhookClient>) -> Self {
        Self { client: Some(client), ..self }
    }

    /// The client; the composition root has set it.
    #[must_use]
    pub fn client(&self) -> Option<&dyn WebhookClient> {
        self.client.as_deref()
    }

    /// Every provider that has a webhook, configured or not.
    pub fn providers(&self) -> impl Iterator<Item = Provider> {
        self.providers.iter().map(|(provider, _)| *provider)
    }

    /// The providers whose webhook is configured.
    pub fn configured(&self) -> impl Iterator<Item = Provider> {
        self.providers.iter().filter(|(_, verifier)| verifier.is_some()).map(|(provider, _)| *provider)
    }

    /// The provider of this name and its verifier, where its webhook is configured.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(Provider, &dyn WebhookVerifier)> {
        let (provider, verifier) = self.providers.iter().find(|(provider, _)| provider.name == name)?;
        verifier.as_deref().map(|verifier| (*provider, verifier))
    }
}

/// `Debug` ends in logs: no secret.
impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.configured().map(|provider| provider.name)).finish()
    }
}
