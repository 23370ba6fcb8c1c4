//! API clients: programs of partners. Each gets access tokens with its id and a secret (RFC 6749 §4.4).

mod secret;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::secret::{ClientSecret, ClientSecretKeys, SecretHash};
use super::{
    actor::ActorRef,
    ids::{AccountId, ClientId, SecretId},
    networks::Networks,
    permission::Permission,
    single_line::SingleLine,
};

/// The name of a client: 1 to 100 characters on one line.
pub type ClientName = SingleLine<100>;

/// How long the old secret works beside a new one, unless the caller says otherwise.
pub const DEFAULT_OVERLAP: TimeDelta = TimeDelta::days(1);
/// The longest such time.
pub const MAX_OVERLAP: TimeDelta = TimeDelta::days(30);

closed_set! {
    /// Whether a client gets tokens.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum ApiClientStatus {
        /// It does.
        Active = "active",
        /// Its `expires_at` has passed.
        Expired = "expired",
        /// It was revoked.
        Revoked = "revoked",
    }
}

/// An API client.
#[derive(Debug, Clone)]
pub struct ApiClient {
    /// Its id.
    pub id: ClientId,
    /// Its name, for people.
    pub name: ClientName,
    /// The permissions that its tokens may have.
    pub scopes: BTreeSet<Permission>,
    /// The account below which these hold; everywhere without one.
    pub account: Option<AccountId>,
    /// The networks from which it may call.
    pub networks: Networks,
    /// When it ends, if ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// Who made it.
    pub created_by: ActorRef,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it last got a token, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Its secrets, the newest first.
    pub secrets: Vec<SecretRecord>,
}

impl ApiClient {
    /// Its status at `now`.
    #[must_use]
    pub fn status(&self, now: DateTime<Utc>) -> ApiClientStatus {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => ApiClientStatus::Revoked,
            (None, Some(expires_at)) if expires_at <= now => ApiClientStatus::Expired,
            _ => ApiClientStatus::Active,
        }
    }

    /// The secrets that work at `now`, the newest first.
    pub fn live_secrets(&self, now: DateTime<Utc>) -> impl Iterator<Item = &SecretRecord> {
        self.secrets.iter().filter(move |secret| secret.is_live(now))
    }
}

/// What is kept of a secret.
#[derive(Debug, Clone)]
pub struct SecretRecord {
    /// Its id.
    pub id: SecretId,
    /// Its hash.
    pub hash: SecretHash,
    /// Its last four characters, by which people recognise it.
    pub hint: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working, if a newer one replaces it.
    pub expires_at: Option<DateTime<Utc>>,
    /// When a token was last issued for it, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl SecretRecord {
    /// Whether it works at `now`, as far as its client does.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

/// Whether a permission can be limited to what lies below an account. The others are about staff, or about
/// everything.
#[must_use]
pub fn is_for_accounts(permission: Permission) -> bool {
    match permission {
        Permission::CustomersInvite
        | Permission::CustomersRead
        | Permission::AccountsRead
        | Permission::WebhooksManage => true,
        Permission::SystemUsersInvite
        | Permission::SystemUsersRead
        | Permission::UsersBlock
        | Permission::UsersErase
        | Permission::ClientsManage
        | Permission::AuditRead => false,
    }
}
