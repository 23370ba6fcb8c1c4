//! An API client in an answer.

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    api_client::{ApiClient, ApiClientStatus, SecretRecord},
    ids::{AccountId, ClientId, SecretId},
    permission::Permission,
};
use crate::http::{
    extract::idempotency_key::IntoStoredAnswer,
    openapi::sample_data,
    response::{
        page::List,
        views::{ActorView, Timestamp},
    },
};
use crate::services::{api_clients::IssuedSecret, idempotency::StoredAnswer};

/// A program of a partner.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiClient)]
pub struct ApiClientView {
    /// Its id: `client_id` at `POST /v1/auth/token`.
    pub id: ClientId,
    /// Its name, for people.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The permissions that its tokens may have.
    #[schema(min_items = 1)]
    pub scopes: Vec<Permission>,
    /// The account below which these hold, and nowhere else; null where they hold everywhere.
    pub account_id: Option<AccountId>,
    /// The networks from which it may call, in CIDR notation; empty allows every address.
    #[schema(max_items = 20)]
    pub networks: Vec<String>,
    /// When it ends; null if never.
    pub expires_at: Option<Timestamp>,
    /// Whether it gets tokens.
    pub status: ApiClientStatus,
    /// Who made it.
    pub created_by: ActorView,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it last got a token, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// The secrets that work, the newest first: one, or two after a rotation.
    #[schema(max_items = 2)]
    pub secrets: Vec<ClientSecretView>,
    /// The new secret: in the answers that make one, and in no other answer. Left out of the answer to a
    /// retry when the secret does not work any more, or `SECRET_KEY` was replaced twice since.
    #[schema(value_type = String, required = false, pattern = "^ivs_[0-9A-Za-z]{50}$")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// What is kept of a secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ApiClientSecret)]
pub struct ClientSecretView {
    /// Its id.
    pub id: SecretId,
    /// Its last four characters.
    #[schema(min_length = 4, max_length = 4)]
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working; null while no newer one replaces it.
    pub expires_at: Option<Timestamp>,
    /// When a token was last issued for it, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// A page of clients.
pub type ApiClients = List<ApiClientView>;

impl ApiClientView {
    /// A client as it is at `now`.
    pub fn of(client: &ApiClient, now: DateTime<Utc>) -> Self {
        let status = client.status(now);
        Self {
            id: client.id,
            name: client.name.as_str().to_owned(),
            scopes: client.scopes.iter().copied().collect(),
            account_id: client.account,
            networks: client.networks.texts(),
            expires_at: client.expires_at.map(Timestamp),
            status,
            created_by: ActorView::from(&client.created_by),
            created_at: Timestamp(client.created_at),
            revoked_at: client.revoked_at.map(Timestamp),
            last_used_at: client.last_used_at.map(Timestamp),
            secrets: if status == ApiClientStatus::Active {
                client.live_secrets(now).map(ClientSecretView::of).collect()
            } else {
                Vec::new()
            },
            secret: None,
        }
    }
}

impl ClientSecretView {
    fn of(secret: &SecretRecord) -> Self {
        Self {
            id: secret.id,
            hint: secret.hint.clone(),
            created_at: Timestamp(secret.created_at),
            expires_at: secret.expires_at.map(Timestamp),
            last_used_at: secret.last_used_at.map(Timestamp),
        }
    }
}

/// The answer is stored without the secret.
impl IntoStoredAnswer for IssuedSecret {
    fn answer(&self, status: StatusCode, now: DateTime<Utc>) -> StoredAnswer {
        let body = serde_json::to_string(&ApiClientView::of(&self.client, now)).unwrap_or_default();
        let location = (status == StatusCode::CREATED).then(|| format!("/v1/api-clients/{}", self.client.id));
        StoredAnswer { status: status.as_u16(), body, location, etag: None }
    }
}

const EXAMPLE: u128 = 0x01a2_0ddd_f620_7c11_8b51_1ff4_a6a3_a460;
const FIRST_SECRET: u128 = 0x01a2_0ddd_f620_7c12_8b51_1ff4_a6a3_a461;
const SECOND_SECRET: u128 = 0x01a2_0e14_e4a0_7c13_8b51_1ff4_a6a3_a462;
/// A secret for the contract, whose checksum is wrong.
pub(in crate::http) const SECRET: &str = "ivs_0Xk3mVb8RqT1yLw5ZsD7cNf2HgJ4pA6uE9iO0tQrSvWx000000";

/// The examples.
impl ApiClientView {
    /// One that has been used.
    pub fn example() -> Self {
        Self {
            id: sample_data::id(EXAMPLE),
            name: "Fleet sync".to_owned(),
            scopes: vec![Permission::CustomersInvite, Permission::CustomersRead],
            account_id: Some(sample_data::id(sample_data::ACME)),
            networks: vec!["203.0.113.0/24".to_owned()],
            expires_at: None,
            status: ApiClientStatus::Active,
            created_by: sample_data::user(sample_data::GRACE, "Grace Hopper"),
            created_at: sample_data::at(0),
            revoked_at: None,
            last_used_at: Some(sample_data::at(60)),
            secrets: vec![ClientSecretView::example()],
            secret: None,
        }
    }

    /// The answer that shows its secret.
    pub fn created() -> Self {
        Self {
            last_used_at: None,
            secrets: vec![ClientSecretView { last_used_at: None, ..ClientSecretView::example() }],
            secret: Some(SECRET.to_owned()),
            ..Self::example()
        }
    }

    /// The answer that shows its new secret.
    pub fn rotated() -> Self {
        let old =
            ClientSecretView { expires_at: Some(sample_data::at(90_000)), ..ClientSecretView::example() };
        let new = ClientSecretView {
            id: sample_data::id(SECOND_SECRET),
            created_at: sample_data::at(3600),
            last_used_at: None,
            ..ClientSecretView::example()
        };
        Self { secrets: vec![new, old], secret: Some(SECRET.to_owned()), ..Self::example() }
    }
}

impl ClientSecretView {
    fn example() -> Self {
        Self {
            id: sample_data::id(FIRST_SECRET),
            hint: "0000".to_owned(),
            created_at: sample_data::at(0),
            expires_at: None,
            last_used_at: Some(sample_data::at(60)),
        }
    }
}
