//! Identity providers: issuers of access tokens beside this service.
//!
//! A [`Provider`] has the settings of one issuer (`settings.rs`), its keys (`key_set.rs`, fetched by
//! `fetch.rs`), and reads its tokens (`token.rs`): signature, type, issuer, audience, times. What a token
//! allows here follows from its claims by the operator's mapping (`holder.rs`).

mod claim_path;
mod fetch;
mod holder;
mod key_set;
mod provider;
mod refusal;
mod settings;
mod token;

use std::sync::Arc;

pub use self::{
    claim_path::ClaimPath,
    holder::Holder,
    provider::Provider,
    refusal::TokenRefusal,
    settings::{Claims, Issuer, TokenType},
    token::ProviderToken,
};
use crate::clock::Clock;
pub use crate::domain::public_address::{is_loopback, is_private};

/// The allowed difference between two clocks, in seconds.
pub const LEEWAY: i64 = 30;

/// All identity providers. Cheap to clone.
#[derive(Clone, Default)]
pub struct Providers(Arc<[Arc<Provider>]>);

impl Providers {
    /// Prepares them. Nothing is fetched: that is the work of [`Providers::run`].
    ///
    /// # Errors
    /// A sentence, when no HTTP client can be made.
    pub fn new(issuers: &[Issuer], clock: &Clock) -> Result<Self, String> {
        let providers: Result<Vec<_>, _> =
            issuers.iter().map(|issuer| Provider::new(issuer.clone(), clock.clone()).map(Arc::new)).collect();
        Ok(Self(providers?.into()))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The provider that a token names as its issuer. Nothing is verified yet; everything that follows is
    /// verified for this issuer alone.
    #[must_use]
    pub fn named_by(&self, token: &str) -> Option<&Provider> {
        if self.is_empty() {
            return None;
        }
        let issuer = token::issuer(token)?;
        self.0.iter().find(|provider| provider.issuer() == issuer).map(AsRef::as_ref)
    }

    /// Fetches the keys of all providers, at once and then at intervals, until the future is dropped.
    pub async fn run(&self) {
        futures_util::future::join_all(self.0.iter().map(|provider| provider.run())).await;
        // Without providers there is nothing to do.
        std::future::pending::<()>().await;
    }
}
