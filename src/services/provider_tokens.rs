//! Access tokens of identity providers: the caller that they stand for.
//!
//! The principal of a provider's token is its issuer and its subject. Both are in the caller's id,
//! `ISSUER#SUBJECT`: two issuers' equal subjects are two callers, and no subject is ever an id of a user of
//! ours.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use quick_cache::{UnitWeighter, sync::Cache};
use sha2::{Digest, Sha256};

use super::idempotency::principal;
use crate::{
    clock::Clock,
    domain::{
        actor::{Actor, ActorRef, Reach, TokenIssuer},
        networks::Networks,
    },
    identity::{Holder, Issuer, LEEWAY, Provider, ProviderToken, Providers, TokenRefusal},
};

/// How many verified tokens are cached. A forged one is never cached.
const REMEMBERED: usize = 2048;
/// Memory is taken for this number at first, and for more when they come.
const EXPECTED: usize = 256;

/// The identity providers, and their tokens that were verified. Cheap to clone.
#[derive(Clone)]
pub struct ProviderTokens(Arc<Inner>);

struct Inner {
    providers: Providers,
    genuine: Cache<[u8; 32], Genuine>,
}

/// What a verified token says. It does not depend on the time, apart from the two limits, nor on the
/// provider's keys, apart from their version.
#[derive(Clone)]
struct Genuine {
    actor: Actor,
    begins: i64,
    ends: i64,
    keys: u64,
}

impl ProviderTokens {
    /// Prepares the providers; nothing is fetched.
    ///
    /// # Errors
    /// A sentence, when no HTTP client can be made.
    pub fn new(issuers: &[Issuer], clock: &Clock) -> Result<Self, String> {
        let providers = Providers::new(issuers, clock)?;
        let genuine = Cache::with_weighter(EXPECTED, REMEMBERED as u64, UnitWeighter);
        Ok(Self(Arc::new(Inner { providers, genuine })))
    }

    /// Keeps the providers' keys fresh until the future is dropped.
    pub async fn run(&self) {
        self.0.providers.run().await;
    }

    /// The provider that a token names as its issuer.
    pub(super) fn named_by(&self, token: &str) -> Option<&Provider> {
        self.0.providers.named_by(token)
    }

    /// The caller of a token that is valid for this provider now.
    pub(super) async fn verify(
        &self,
        provider: &Provider,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Actor, TokenRefusal> {
        // The key is a digest, so that the cache contains no valid token.
        let digest = Sha256::digest(token.as_bytes()).into();
        let version = provider.keys_version();
        let known = self.0.genuine.get(&digest).filter(|genuine| genuine.keys == version);
        let genuine = if let Some(genuine) = known {
            genuine
        } else {
            let genuine = Genuine::of(provider.issuer(), provider.verify(token).await?)?;
            self.0.genuine.insert(digest, genuine.clone());
            genuine
        };
        let now = now.timestamp();
        if genuine.ends.saturating_add(LEEWAY) <= now {
            return Err(TokenRefusal::Invalid("expired"));
        }
        if genuine.begins.saturating_sub(LEEWAY) > now {
            return Err(TokenRefusal::Invalid("not_yet"));
        }
        Ok(genuine.actor)
    }
}

impl Genuine {
    fn of(issuer: &str, token: ProviderToken) -> Result<Self, TokenRefusal> {
        let ProviderToken { holder, begins, ends, keys } = token;
        let instant =
            |seconds: i64| DateTime::from_timestamp(seconds, 0).ok_or(TokenRefusal::Invalid("lifetime"));
        let actor = actor(issuer, holder, instant(begins.max(0))?, instant(ends)?);
        Ok(Self { actor, begins, ends, keys })
    }
}

fn actor(issuer: &str, holder: Holder, issued_at: DateTime<Utc>, expires_at: DateTime<Utc>) -> Actor {
    let Holder { kind, subject, name, roles, permissions, accounts } = holder;
    let who = ActorRef { kind, id: format!("{issuer}#{subject}"), name, origin: None };
    let grant = principal(issuer, &who, &permissions, &accounts);
    Actor {
        who,
        issuer: TokenIssuer::Provider,
        credential: None,
        session: None,
        token: None,
        issued_at,
        grant,
        permissions,
        roles,
        expires_at,
        accounts,
        reach: Reach::Everywhere,
        networks: Networks::default(),
    }
}
