//! Webhooks for partners: events that this service sends to the endpoints of API clients, as the Standard
//! Webhooks specification 1.0.0 has it
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
//!
//! What mail providers send to this service is in `delivery_reports.rs`.

mod endpoint;
mod endpoint_url;
mod event_type;
mod expiry_id;
mod payload;
mod receiver_networks;
mod schedule;
mod secret;

pub use self::{
    endpoint::{
        DISABLE_AFTER, DisabledReason, KEPT_ATTEMPTS, KEPT_FOR, MAX_ENDPOINTS, MAX_RECENT_ENDPOINTS,
        RECENTLY, WebhookEndpoint, WebhookSecretRecord, WebhookStatus, failing_since,
    },
    endpoint_url::{EndpointUrl, EndpointUrlError},
    event_type::{TEST_EVENT, WebhookEventType},
    expiry_id::expiry_id,
    payload::{InvitationFacts, invitation_payload, test_payload, user_payload},
    receiver_networks::ReceiverNetworks,
    schedule::next_attempt,
    secret::{WebhookSecret, WebhookSecretKeys},
};
