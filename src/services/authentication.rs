//! Who sends an access token: one of our own, or of an identity provider.
//!
//! The issuer that a token names decides who verifies it, and a token is verified for that issuer alone: its
//! keys, its audience, its types. Ours are all that name no configured provider.

use super::Services;
use crate::domain::actor::Actor;
pub use crate::identity::TokenRefusal;

/// The holder of a token, who may have ended their session since.
///
/// # Errors
/// [`TokenRefusal`].
pub async fn verify(services: &Services, token: &str) -> Result<Actor, TokenRefusal> {
    let now = services.clock.now();
    match services.provider_tokens.named_by(token) {
        Some(provider) => services.provider_tokens.verify(provider, token, now).await,
        None => {
            services.access_tokens.verify(token, now).map_err(|error| TokenRefusal::Invalid(error.word()))
        }
    }
}
