//! What providers' files need to tell what became of a letter.

use chrono::{DateTime, Utc};

use super::request::Get;
use crate::domain::{
    delivery_reports::{DeliveryEvent, DeliveryStatus, WebhookRequest},
    ids::LetterId,
    letter_status::{Acceptance, KnownStatus},
};

/// A letter that a provider is asked about.
pub(in crate::mail) struct AskedLetter<'a> {
    /// This service's id.
    pub id: LetterId,
    /// The provider's id, where it is known.
    pub message_id: Option<&'a str>,
    /// The `Message-ID` that this service wrote, without its angle brackets.
    pub own_message_id: &'a str,
    /// The time of the question.
    pub now: DateTime<Utc>,
}

impl AskedLetter<'_> {
    /// In place of a webhook's request, for the functions that read events.
    pub fn request(&self) -> WebhookRequest<'static> {
        WebhookRequest { header: &|_: &str| None, body: b"", now: self.now, document: None }
    }

    /// That the provider knows the letter under this id, since `at`, where it says so.
    pub fn accepted(&self, message_id: &str, at: Option<DateTime<Utc>>) -> Option<Acceptance> {
        let at = self.request().at(at);
        Some(Acceptance { at, message_id: message_id.to_owned() }).filter(|_| !message_id.is_empty())
    }

    /// An event that says no more than the status.
    pub fn event(&self, event_id: String, status: DeliveryStatus) -> DeliveryEvent {
        DeliveryEvent {
            event_id,
            letter: Some(self.id),
            message_ids: Vec::new(),
            at: self.now,
            status: Some(status),
            fault: None,
            may_be_reply: false,
            reason: None,
            status_code: None,
            no_such_mailbox: false,
        }
    }
}

/// What an answer leads to.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::mail) enum StatusStep {
    /// What the provider knows of the letter.
    Known(KnownStatus),
    /// Another request is needed. What it tells is added to what is known so far.
    Ask(Get, KnownStatus),
}
