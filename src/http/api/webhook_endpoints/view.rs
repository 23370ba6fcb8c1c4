//! A webhook endpoint in an answer.

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    ids::{ClientId, SecretId, WebhookEndpointId},
    webhooks::{DisabledReason, WebhookEndpoint, WebhookEventType, WebhookSecretRecord, WebhookStatus},
};
use crate::http::{
    extract::idempotency_key::IntoStoredAnswer,
    openapi::sample_data,
    response::{
        page::List,
        views::{ActorView, Timestamp},
    },
};
use crate::services::{idempotency::StoredAnswer, webhook_endpoints::IssuedEndpoint};

/// Where a partner receives events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub struct WebhookEndpointView {
    /// Its id.
    pub id: WebhookEndpointId,
    /// The API client that it belongs to, whose scopes and account decide which events it gets.
    pub client_id: ClientId,
    /// Where it is.
    #[schema(format = "uri", max_length = 2048)]
    pub url: String,
    /// The types of events that it takes.
    #[schema(min_items = 1)]
    pub event_types: Vec<WebhookEventType>,
    /// Whether webhooks are sent to it.
    pub status: WebhookStatus,
    /// Why this service disabled it; null while it has not.
    pub disabled_reason: Option<DisabledReason>,
    /// When this service disabled it; null while it has not.
    pub disabled_at: Option<Timestamp>,
    /// Since when its deliveries fail; null after one that succeeded.
    pub failing_since: Option<Timestamp>,
    /// Who made it.
    pub created_by: ActorView,
    /// When it was made.
    pub created_at: Timestamp,
    /// The secrets that sign, the newest first: one, or two after a rotation.
    #[schema(max_items = 2)]
    pub secrets: Vec<WebhookSecretView>,
    /// The new secret: in the answers that make one, and in no other answer. Left out of the answer to a
    /// retry when the secret signs no more, or `SECRET_KEY` was replaced twice since.
    #[schema(value_type = String, required = false, pattern = "^whsec_[0-9A-Za-z+/]{32}$")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// What is kept of a secret of an endpoint.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookSecret)]
pub struct WebhookSecretView {
    /// Its id.
    pub id: SecretId,
    /// Its last four characters.
    #[schema(min_length = 4, max_length = 4)]
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it signs no more; null while no newer one replaces it.
    pub expires_at: Option<Timestamp>,
}

/// A page of endpoints.
pub type WebhookEndpoints = List<WebhookEndpointView>;

impl WebhookEndpointView {
    /// An endpoint as it is at `now`.
    pub fn of(endpoint: &WebhookEndpoint, now: DateTime<Utc>) -> Self {
        Self {
            id: endpoint.id,
            client_id: endpoint.client,
            url: endpoint.url.as_str().to_owned(),
            event_types: endpoint.event_types.iter().copied().collect(),
            status: endpoint.status,
            disabled_reason: endpoint.disabled_reason,
            disabled_at: endpoint.disabled_at.map(Timestamp),
            failing_since: endpoint.failing_since.map(Timestamp),
            created_by: ActorView::from(&endpoint.created_by),
            created_at: Timestamp(endpoint.created_at),
            secrets: endpoint.live_secrets(now).map(WebhookSecretView::of).collect(),
            secret: None,
        }
    }
}

impl WebhookSecretView {
    fn of(secret: &WebhookSecretRecord) -> Self {
        Self {
            id: secret.id,
            hint: secret.hint.clone(),
            created_at: Timestamp(secret.created_at),
            expires_at: secret.expires_at.map(Timestamp),
        }
    }
}

/// The answer is stored without the secret.
impl IntoStoredAnswer for IssuedEndpoint {
    fn answer(&self, status: StatusCode, now: DateTime<Utc>) -> StoredAnswer {
        let body = serde_json::to_string(&WebhookEndpointView::of(&self.endpoint, now)).unwrap_or_default();
        let location =
            (status == StatusCode::CREATED).then(|| format!("/v1/webhook-endpoints/{}", self.endpoint.id));
        StoredAnswer { status: status.as_u16(), body, location, etag: None }
    }
}

const EXAMPLE: u128 = 0x01a2_0ddd_f620_7c11_8b51_1ff4_a6a3_a470;
const CLIENT: u128 = 0x01a2_0ddd_f620_7c11_8b51_1ff4_a6a3_a460;
const FIRST_SECRET: u128 = 0x01a2_0ddd_f620_7c12_8b51_1ff4_a6a3_a471;
const SECOND_SECRET: u128 = 0x01a2_0e14_e4a0_7c13_8b51_1ff4_a6a3_a472;
/// An event, for the contract.
pub(super) const EVENT: u128 = 0x01a2_0ddd_f620_7c14_8b51_1ff4_a6a3_a473;
/// A secret for the contract: the bytes 0 to 23.
const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/// The examples.
impl WebhookEndpointView {
    /// One to which webhooks are sent.
    pub fn example() -> Self {
        Self {
            id: sample_data::id(EXAMPLE),
            client_id: sample_data::id(CLIENT),
            url: "https://fleet.example.com/webhooks".to_owned(),
            event_types: vec![
                WebhookEventType::InvitationDelivered,
                WebhookEventType::InvitationBounced,
                WebhookEventType::InvitationActivated,
            ],
            status: WebhookStatus::Active,
            disabled_reason: None,
            disabled_at: None,
            failing_since: None,
            created_by: sample_data::user(sample_data::GRACE, "Grace Hopper"),
            created_at: sample_data::at(0),
            secrets: vec![WebhookSecretView::example()],
            secret: None,
        }
    }

    /// One that its owner paused.
    pub fn paused() -> Self {
        Self { status: WebhookStatus::Paused, ..Self::example() }
    }

    /// The answer that shows its secret.
    pub fn created() -> Self {
        Self { secret: Some(SECRET.to_owned()), ..Self::example() }
    }

    /// The answer that shows its new secret.
    pub fn rotated() -> Self {
        let old =
            WebhookSecretView { expires_at: Some(sample_data::at(90_000)), ..WebhookSecretView::example() };
        let new = WebhookSecretView {
            id: sample_data::id(SECOND_SECRET),
            created_at: sample_data::at(3600),
            ..WebhookSecretView::example()
        };
        Self { secrets: vec![new, old], ..Self::created() }
    }
}

impl WebhookSecretView {
    fn example() -> Self {
        Self {
            id: sample_data::id(FIRST_SECRET),
            hint: "FRYX".to_owned(),
            created_at: sample_data::at(0),
            expires_at: None,
        }
    }
}
