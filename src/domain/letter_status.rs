//! Asking a mail provider what became of a letter.
//!
//! The providers are in `mail::providers`. What is here is the question, the answer, and the trait by which
//! services ask without knowing a transport.

use std::pin::Pin;

use chrono::{DateTime, Utc};

use super::{
    delivery_reports::{DeliveryEvent, Provider},
    ids::LetterId,
};

/// A letter that a provider is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusQuery {
    /// This service's id, which the provider keeps with the letter.
    pub letter: LetterId,
    /// The provider's id of the letter; `None` where its acceptance was never answered.
    pub message_id: Option<String>,
    /// The time of the question.
    pub now: DateTime<Utc>,
}

/// That a provider accepted a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// When; the time of the question where the provider does not say.
    pub at: DateTime<Utc>,
    /// The provider's id of the letter.
    pub message_id: String,
}

/// What a provider knows of a letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownStatus {
    /// That it accepted the letter; `None` where it knows no such letter.
    pub accepted: Option<Acceptance>,
    /// What became of it since, in any order.
    pub events: Vec<DeliveryEvent>,
}

/// Why a provider gave no status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusError {
    /// It was not reached, or is busy; so many seconds should pass before it is asked again.
    Unavailable(u64),
    /// It does not let the key of `MAIL_URL` look letters up, has no such interface in this account, or does
    /// not know the letter any more. The sentence says which, without a secret.
    Refused(String),
}

/// The answer of a [`StatusSource`].
pub type StatusAnswer<'a> = Pin<Box<dyn Future<Output = Result<KnownStatus, StatusError>> + Send + 'a>>;

/// What letters are sent through, as far as it can be asked about them.
pub trait StatusSource: Send + Sync {
    /// The provider; `None` for a relay or a folder, which keep no account of letters.
    fn provider(&self) -> Option<Provider>;

    /// Whether the provider can be asked about this letter: it has an interface for that, and finds the
    /// letter by its message id, or without one by this service's id.
    fn can_tell(&self, query: &StatusQuery) -> bool;

    /// Asks, once and within a few seconds.
    fn status<'a>(&'a self, query: &'a StatusQuery) -> StatusAnswer<'a>;
}
