//! The keys for all purposes.

use secrecy::SecretString;

use crate::{
    clock::Clock,
    config::Config,
    domain::{
        api_client::ClientSecretKeys,
        bounce_address::BounceKeys,
        email_change::EmailChangeKeys,
        password_reset::ResetKeys,
        session::RefreshKeys,
        suppression_keys::SuppressionKeys,
        token::{DerivedKey, LinkKeys},
        webhooks::WebhookSecretKeys,
    },
    services::access_token::{AccessTokens, Terms},
};

fn terms(config: &Config) -> Terms<'_> {
    Terms { issuer: &config.jwt_issuer, audience: &config.jwt_audience, max_lifetime: config.jwt_max_ttl }
}

/// The keys for all purposes, derived from the root key.
pub(super) struct Keys {
    pub(super) links: LinkKeys,
    pub(super) access_tokens: AccessTokens,
    pub(super) refresh: RefreshKeys,
    pub(super) resets: ResetKeys,
    pub(super) email_changes: EmailChangeKeys,
    pub(super) guesses: DerivedKey,
    pub(super) client_secrets: ClientSecretKeys,
    pub(super) webhook_secrets: WebhookSecretKeys,
    pub(super) suppressions: SuppressionKeys,
    pub(super) bounces: BounceKeys,
}

impl Keys {
    pub(super) fn derive(config: &Config, root: &SecretString, clock: Clock) -> Self {
        let previous = config.secret_key_previous.as_ref();
        Self {
            links: LinkKeys::derive(root, previous),
            access_tokens: AccessTokens::derive(root, previous, terms(config), clock),
            refresh: RefreshKeys::derive(root, previous),
            resets: ResetKeys::derive(root, previous),
            email_changes: EmailChangeKeys::derive(root, previous),
            guesses: DerivedKey::derive(root, "guess-counts"),
            client_secrets: ClientSecretKeys::derive(root, previous),
            webhook_secrets: WebhookSecretKeys::derive(root, previous),
            suppressions: SuppressionKeys::derive(root, previous),
            bounces: BounceKeys::derive(root, previous),
        }
    }
}
