//! The operations of the service: one a file, each a decision and a transaction.
//!
//! A service uses the database and the clock. It uses no HTTP and no transport: letters are sent from the
//! outbox.

pub mod access_token;
pub mod activate;
pub mod api_clients;
pub mod audit;
pub mod authentication;
pub mod backlog;
pub mod change_email;
pub mod change_password;
pub mod cleanup;
pub mod client_token;
pub mod counts;
pub mod cursor;
pub mod delivery_overview;
pub mod delivery_reports;
mod error;
pub mod guess_guard;
pub mod idempotency;
pub mod invite;
pub mod letter_quota;
pub mod me;
pub mod memberships;
pub mod password_check;
mod password_guesses;
pub mod password_hasher;
mod password_rules;
pub mod preview;
pub mod provider_tokens;
pub mod queries;
pub mod recheck;
pub mod renew;
pub mod resend;
pub mod reset_password;
pub mod returned_mail;
pub mod revocations;
pub mod revoke;
pub mod session;
pub mod session_token;
pub mod sessions;
pub mod sign_in;
pub mod suppressions;
mod timeline;
pub mod totals;
pub mod update;
pub mod users;
pub mod webhook_endpoints;
pub mod withdraw;

use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::Notify;

pub use self::error::{CurrentState, ServiceError};
use self::{
    access_token::AccessTokens, delivery_overview::overviews::Overviews, guess_guard::GuessGuard,
    password_hasher::Hasher, provider_tokens::ProviderTokens, revocations::Revocations,
};
use crate::{
    clock::Clock,
    db::{Db, invitations::lookup::Lookups},
    domain::{
        api_client::ClientSecretKeys,
        email_change::EmailChangeKeys,
        ids::InvitationId,
        letter_status::StatusSource,
        password_reset::ResetKeys,
        rules::Rules,
        session::RefreshKeys,
        suppression_keys::SuppressionKeys,
        token::{DerivedKey, LinkClaim, LinkKeys},
        webhooks::WebhookSecretKeys,
    },
};

/// The dependencies of all operations. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub db: Db,
    /// The queue of lookups of invitations, which share queries.
    pub lookups: Lookups,
    /// The queue of requests with idempotency keys, which share commits.
    pub keys: idempotency::Queue,
    /// The queue of invites, which share commits.
    pub invites: invite::Queue,
    /// The queue of activations, which share commits.
    pub activations: activate::Queue,
    /// The queue of openings of links, which share commits.
    pub openings: preview::Queue,
    /// The queue of audit events that belong to no other transaction, which share commits.
    pub audit: audit::Queue,
    /// Time, ids and random numbers.
    pub clock: Clock,
    /// The keys that make and verify activation links.
    pub links: LinkKeys,
    /// The keys that make and verify refresh tokens.
    pub refresh_keys: RefreshKeys,
    /// The keys that make and verify the links of requests to reset a password.
    pub reset_keys: ResetKeys,
    /// The keys that make and verify the links of requests to change an address.
    pub email_change_keys: EmailChangeKeys,
    /// The keys from which the secrets of API clients are derived.
    pub client_secret_keys: ClientSecretKeys,
    /// The keys from which the secrets of webhook endpoints are derived.
    pub webhook_secret_keys: WebhookSecretKeys,
    /// The keys that hash the suppressed addresses of erased users.
    pub suppression_keys: SuppressionKeys,
    /// The keys that make and verify access tokens.
    pub access_tokens: AccessTokens,
    /// Access tokens that were revoked.
    pub revocations: Revocations,
    /// Verifies the access tokens of identity providers.
    pub provider_tokens: ProviderTokens,
    /// Names the counts of guesses at passwords.
    pub guess_key: DerivedKey,
    /// Slows down guessing of secrets of programs.
    pub guesses: Arc<GuessGuard>,
    /// Hashes passwords, a bounded number at a time.
    pub hasher: Hasher,
    /// The operator's settings.
    pub rules: Rules,
    /// Tells what became of letters, where a provider can be asked.
    pub letter_status: Arc<dyn StatusSource>,
    /// The overviews of deliveries that were read last.
    pub overviews: Overviews,
    /// Notified when a letter was put into the outbox.
    pub outbox_wakeup: Arc<Notify>,
}

impl Services {
    /// The whole link of a sending, to return it to the inviter.
    #[must_use]
    pub fn link(&self, invitation: InvitationId, generation: i32) -> SecretString {
        self.links.link(&self.rules.activation_url, LinkClaim { invitation, generation })
    }
}
