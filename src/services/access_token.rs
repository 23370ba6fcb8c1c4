//! Access tokens: JWTs (RFC 7519) of the type `at+jwt` (RFC 9068), signed with a key pair of their own
//! (`keys.rs`), so that others can verify them.
//!
//! The keys are derived for this purpose only, so that an activation link is never valid as an access token,
//! or the reverse. The time is that of our clock, with a leeway of 30 seconds; a token of an API client has
//! none at its end, since it must not outlive the client.

mod claims;
mod error;
mod holder;
mod keys;

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Header, Validation};
use quick_cache::{UnitWeighter, sync::Cache};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

pub use self::keys::PublicKey;
use self::keys::{SigningKey, VerifyingKey};
pub use self::{claims::Claims, error::TokenError};
use crate::{
    clock::Clock,
    domain::{
        actor::{Actor, ActorRef},
        ids::{AccountId, TokenKind},
        networks::Networks,
        permission::Permission,
        role::Role,
        session::Session,
    },
};

/// The allowed difference between two clocks, in seconds.
const LEEWAY: i64 = 30;
/// RFC 9068 §2.1: marks an access token, as opposed to any other JWT.
const TYPE: &str = "at+jwt";

/// The content of a new token.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The holder.
    pub holder: ActorRef,
    /// Roles.
    pub roles: Vec<Role>,
    /// Single permissions.
    pub scope: Vec<Permission>,
    /// Owned accounts.
    pub accounts: Vec<AccountId>,
    /// The lifetime.
    pub lifetime: Duration,
}

/// What a token is bound to beside its lifetime.
#[derive(Default)]
struct Binding<'a> {
    session: Option<&'a Session>,
    networks: Vec<String>,
}

/// The claims that all tokens share.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// The audience.
    pub audience: &'a str,
    /// The longest lifetime, from issuing.
    pub max_lifetime: Duration,
}

/// Issues and verifies access tokens. Cheap to clone.
#[derive(Clone)]
pub struct AccessTokens(Arc<Ring>);

/// The keys and parameters, prepared once.
struct Ring {
    /// Key pairs: the current one signs; the previous one is published while its tokens are valid.
    signing: Vec<SigningKey>,
    verifying: Vec<VerifyingKey>,
    issuer: String,
    audience: String,
    max_lifetime: Duration,
    /// Provides the ids of tokens.
    clock: Clock,
    genuine: Cache<[u8; 32], Genuine>,
}

/// The content of a token with a valid signature. It does not depend on the time, apart from these two
/// limits.
#[derive(Clone)]
struct Genuine {
    actor: Actor,
    /// The second from which it is valid.
    begins: i64,
    /// The second from which it is no longer taken, with the leeway, if it has one.
    ends: i64,
}

/// How many verified tokens are cached: callers reuse theirs. A forged one is never cached.
const REMEMBERED: usize = 1024;
/// Memory is taken for this number at first, and for more when they come.
const EXPECTED: usize = 256;

fn validation(algorithm: Algorithm, issuer: &str, audience: &str) -> Validation {
    // The algorithm is that of the key and not taken from the token.
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    // Expiry is checked with our clock.
    validation.validate_exp = false;
    validation
}

impl AccessTokens {
    /// Derives the keys from the root key, and from the previous root key while its tokens are valid.
    #[must_use]
    pub fn derive(
        root: &SecretString,
        previous: Option<&SecretString>,
        terms: Terms<'_>,
        clock: Clock,
    ) -> Self {
        let Terms { issuer, audience, max_lifetime } = terms;
        let roots = || [Some(root), previous].into_iter().flatten();
        let signing: Vec<SigningKey> = roots().filter_map(SigningKey::derive).collect();
        let verifying = signing.iter().filter_map(VerifyingKey::of);
        let verifying = verifying.chain(roots().map(VerifyingKey::shared)).collect();
        let (issuer, audience) = (issuer.to_owned(), audience.to_owned());
        let genuine = Cache::with_weighter(EXPECTED, REMEMBERED as u64, UnitWeighter);
        Self(Arc::new(Ring { signing, verifying, issuer, audience, max_lifetime, clock, genuine }))
    }

    /// The issuer of the tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The public keys, each once, the current one first.
    pub fn public_keys(&self) -> impl Iterator<Item = &PublicKey> {
        let keys = &self.0.signing;
        let is_first = |place: usize, key: &PublicKey| keys[..place].iter().all(|one| one.public != *key);
        keys.iter()
            .enumerate()
            .filter(move |(place, key)| is_first(*place, &key.public))
            .map(|(_, key)| &key.public)
    }

    /// Issues a token.
    ///
    /// # Errors
    /// Only when it cannot be serialised, which its types rule out.
    pub fn issue(&self, grant: &Grant, now: DateTime<Utc>) -> Result<String, TokenError> {
        self.issue_with(grant, Binding::default(), now)
    }

    /// Issues a token to a person, valid only as long as their session and their password.
    ///
    /// # Errors
    /// As [`AccessTokens::issue`].
    pub fn issue_in_session(
        &self,
        grant: &Grant,
        session: &Session,
        now: DateTime<Utc>,
    ) -> Result<String, TokenError> {
        self.issue_with(grant, Binding { session: Some(session), ..Binding::default() }, now)
    }

    /// Issues a token to an API client, valid only from these networks.
    ///
    /// # Errors
    /// As [`AccessTokens::issue`].
    pub fn issue_to_client(
        &self,
        grant: &Grant,
        networks: &Networks,
        now: DateTime<Utc>,
    ) -> Result<String, TokenError> {
        self.issue_with(grant, Binding { networks: networks.texts(), ..Binding::default() }, now)
    }

    fn issue_with(
        &self,
        grant: &Grant,
        Binding { session, networks }: Binding<'_>,
        now: DateTime<Utc>,
    ) -> Result<String, TokenError> {
        let Ring { signing, issuer, audience, clock, .. } = &*self.0;
        let key = signing.first().ok_or(TokenError::Unknown("key"))?;
        let names = |permissions: &[Permission]| {
            permissions.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(" ")
        };
        let lifetime = i64::try_from(grant.lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: issuer.clone(),
            aud: audience.clone(),
            sub: grant.holder.id.clone(),
            jti: Some(clock.id::<TokenKind>().to_string()),
            name: Some(grant.holder.name.clone()),
            actor: grant.holder.kind.as_str().to_owned(),
            iat: now.timestamp(),
            exp: now.timestamp().saturating_add(lifetime),
            nbf: None,
            roles: grant.roles.iter().map(|role| role.as_str().to_owned()).collect(),
            scope: names(&grant.scope),
            account_ids: grant.accounts.iter().map(ToString::to_string).collect(),
            credential: session.map(|session| session.credential.clone()),
            sid: session.map(|session| session.id.to_string()),
            networks,
        };
        let kid = Some(key.public.id.clone());
        let header = Header { typ: Some(TYPE.to_owned()), kid, ..Header::new(Algorithm::EdDSA) };
        Ok(jsonwebtoken::encode(&header, &claims, &key.signs)?)
    }

    /// Verifies a token from a caller.
    ///
    /// # Errors
    /// [`TokenError`] for everything that is not a valid token of ours.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Actor, TokenError> {
        // The key is a digest, so that the cache contains no valid token.
        let digest = Sha256::digest(token.as_bytes()).into();
        let genuine = if let Some(genuine) = self.0.genuine.get(&digest) {
            genuine
        } else {
            let genuine = self.read(token)?;
            self.0.genuine.insert(digest, genuine.clone());
            genuine
        };
        let now = now.timestamp();
        if genuine.ends <= now {
            return Err(TokenError::Expired);
        }
        if genuine.begins.saturating_sub(LEEWAY) > now {
            return Err(TokenError::NotYet);
        }
        Ok(genuine.actor)
    }

    /// Verifies everything except the time.
    fn read(&self, token: &str) -> Result<Genuine, TokenError> {
        let header = jsonwebtoken::decode_header(token)?;
        if let Some(name) = strange_header(token) {
            return Err(TokenError::Header(name));
        }
        if !header.typ.as_deref().is_some_and(is_access_token) {
            return Err(TokenError::Type);
        }
        let Ring { verifying, issuer, audience, max_lifetime, .. } = &*self.0;
        let key = verifying.iter().find(|key| header.kid.as_ref() == Some(&key.id));
        let key = key.ok_or(TokenError::Unknown("key"))?;
        let validation = validation(key.algorithm, issuer, audience);
        let claims = jsonwebtoken::decode::<Claims>(token, &key.checks, &validation)?.claims;
        let lifetime = u64::try_from(claims.exp.saturating_sub(claims.iat)).unwrap_or_default();
        if lifetime > max_lifetime.as_secs() {
            return Err(TokenError::Lifetime);
        }
        let (begins, ends) = (claims.iat.max(claims.nbf.unwrap_or(i64::MIN)), claims.exp);
        let actor = holder::actor(claims)?;
        let leeway = if holder::is_api_client(&actor.who) { 0 } else { LEEWAY };
        Ok(Genuine { actor, begins, ends: ends.saturating_add(leeway) })
    }
}

/// RFC 9068 §4: a media type, whose `application/` is optional, compared without regard to case.
fn is_access_token(typ: &str) -> bool {
    let is = |name: &str| name.eq_ignore_ascii_case(TYPE);
    is(typ)
        || typ
            .split_once('/')
            .is_some_and(|(tree, name)| tree.eq_ignore_ascii_case("application") && is(name))
}

/// A header member that changes the meaning of the token: extensions that must be understood (RFC 7515
/// §4.1.11), and compression (RFC 7516 §4.1.3), by which a short token becomes a long one. Our tokens have
/// neither.
fn strange_header(token: &str) -> Option<&'static str> {
    let header = token.split('.').next().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())?;
    let header: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&header).ok()?;
    ["crit", "zip"].into_iter().find(|name| header.contains_key(*name))
}
