//! Webhooks whose requests are not signed: a secret comes with each of them.

use serde_json::Value;

use crate::domain::{
    delivery_reports::{DeliveryEvent, Verified, WebhookError, WebhookRequest, WebhookVerifier},
    shared_secret::{CHALLENGE, SharedSecret},
};

/// Reads one event of a request.
pub(in crate::mail::providers) type ReadEvent = fn(&WebhookRequest<'_>, &Value) -> DeliveryEvent;

/// The secret, and how a request is read.
pub(in crate::mail::providers) struct SecretWebhook {
    secret: SharedSecret,
    events: fn(Value) -> Result<Vec<Value>, WebhookError>,
    event: ReadEvent,
}

impl SecretWebhook {
    /// Each request brings one event. An error says what is wrong with the secret and does not repeat it.
    pub fn of_single_events(secret: &str, event: ReadEvent) -> Result<Self, &'static str> {
        Ok(Self { secret: SharedSecret::parse(secret)?, events: single, event })
    }

    /// A request brings one event, or a list of them.
    pub fn of_lists(secret: &str, event: ReadEvent) -> Result<Self, &'static str> {
        Ok(Self { events: single_or_list, ..Self::of_single_events(secret, event)? })
    }

    /// The events of a request that brings the secret, as they came.
    pub fn verified(&self, request: &WebhookRequest<'_>) -> Result<Vec<Value>, WebhookError> {
        if self.admits(request) { (self.events)(request.json()?) } else { Err(WebhookError::Unverified) }
    }

    /// What these events report.
    pub fn reported(&self, request: &WebhookRequest<'_>, events: &[Value]) -> Verified {
        events.iter().map(|event| (self.event)(request, event)).collect::<Vec<_>>().into()
    }
}

impl WebhookVerifier for SecretWebhook {
    fn admits(&self, request: &WebhookRequest<'_>) -> bool {
        self.secret.admits(request.header)
    }

    fn has_secret(&self) -> bool {
        true
    }

    fn read(&self, request: &WebhookRequest<'_>) -> Result<Verified, WebhookError> {
        Ok(self.reported(request, &self.verified(request)?))
    }

    fn challenge(&self) -> &'static str {
        CHALLENGE
    }
}

fn single(body: Value) -> Result<Vec<Value>, WebhookError> {
    if body.is_object() { Ok(vec![body]) } else { Err(WebhookError::OtherForm) }
}

fn single_or_list(body: Value) -> Result<Vec<Value>, WebhookError> {
    match body {
        Value::Array(events) if events.iter().all(Value::is_object) => Ok(events),
        body => single(body),
    }
}
