//! Access tokens: JWTs (RFC 7519) of the type `at+jwt` (RFC 9068), signed with a key of their own.
//!
//! The key is derived for this purpose only, so that an activation link cannot pass for an access token, nor
//! the other way round. Time comes from our clock; a token's clock may differ from it by 30 seconds.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use quick_cache::sync::Cache;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use super::idempotency::principal;
use crate::{
    clock::Clock,
    domain::{
        actor::{Actor, ActorKind, ActorRef},
        ids::{AccountId, TokenKind},
        permission::Permission,
        role::Role,
        token::DerivedKey,
    },
};

/// How far two clocks may differ, in seconds.
const LEEWAY: i64 = 30;
/// RFC 9068 §2.1: says that this is an access token and nothing else that happens to be a JWT.
const TYPE: &str = "at+jwt";

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Who made it.
    pub iss: String,
    /// Whom it is for.
    #[serde(deserialize_with = "one_audience")]
    pub aud: String,
    /// Who holds it.
    pub sub: String,
    /// The token's own id, which no other token has (RFC 7519 §4.1.7). Tokens made before there were ids have
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// What people know the holder by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What kind of holder: `user`, `client` or `cli`.
    pub actor: String,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
    /// When it begins, if that is not when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Roles, which stand for what they allow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Permissions by name, separated by blanks (RFC 8693 §4.2).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// The accounts that the holder owns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub account_ids: Vec<String>,
    /// Of a person: the mark of the password that the token was got with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// RFC 7519 §4.1.3: one audience, alone or in a list. A token for several would be ours to replay against the
/// others.
fn one_audience<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audience {
        One(String),
        List([String; 1]),
    }
    Audience::deserialize(deserializer).map(|audience| match audience {
        Audience::One(audience) | Audience::List([audience]) => audience,
    })
}

/// Whom a new token is for and what it allows.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Who holds it.
    pub holder: ActorRef,
    /// Roles.
    pub roles: Vec<Role>,
    /// Single permissions.
    pub scope: Vec<Permission>,
    /// Owned accounts.
    pub accounts: Vec<AccountId>,
    /// How long it lives.
    pub lifetime: Duration,
}

/// What every token is to say.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Who makes them.
    pub issuer: &'a str,
    /// Whom they are for.
    pub audience: &'a str,
    /// The longest that one may live, from its making.
    pub max_lifetime: Duration,
}

/// Why a token is not accepted; said in the log, not to the caller.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Malformed, wrong algorithm or type, unknown key, wrong signature, issuer or audience.
    #[error(transparent)]
    Jwt(#[from] jsonwebtoken::errors::Error),
    /// Not of the type `at+jwt`.
    #[error("not an access token")]
    Type,
    /// Of the header's members this one changes how a token is to be read, in a way that is not known here
    /// (RFC 7515 §4.1.11).
    #[error("its header says {0}")]
    Header(&'static str),
    /// Lives for longer than any may.
    #[error("lives for too long")]
    Lifetime,
    /// Past its `exp`.
    #[error("expired")]
    Expired,
    /// Made in the future.
    #[error("not valid yet")]
    NotYet,
    /// Names a role, a permission, an account or a kind of holder that does not exist.
    #[error("names an unknown {0}")]
    Unknown(&'static str),
}

impl TokenError {
    /// The reason in a word, for the log: nothing in it comes from the token, which anybody may have written.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Jwt(error) => match error.kind() {
                ErrorKind::InvalidSignature => "signature",
                ErrorKind::InvalidIssuer => "issuer",
                ErrorKind::InvalidAudience => "audience",
                ErrorKind::InvalidAlgorithm
                | ErrorKind::InvalidAlgorithmName
                | ErrorKind::UnsupportedAlgorithm => "algorithm",
                ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => "claims",
                _ => "malformed",
            },
            Self::Type => "type",
            Self::Header(name) => name,
            Self::Lifetime => "lifetime",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::Unknown(what) => what,
        }
    }
}

/// Makes and checks access tokens. Cheap to clone.
#[derive(Clone)]
pub struct AccessTokens(Arc<Ring>);

/// What a token is made and checked with, made ready once.
struct Ring {
    keys: Vec<Key>,
    validation: Validation,
    issuer: String,
    audience: String,
    max_lifetime: Duration,
    /// Gives each token an id of its own.
    clock: Clock,
    genuine: Cache<[u8; 32], Genuine>,
}

/// What was found about a token whose signature was checked. It is the same whenever it is asked; only the
/// time is not.
#[derive(Clone)]
struct Genuine {
    actor: Actor,
    /// Before this second it is not yet valid.
    begins: i64,
    /// From this second on it is not valid any more.
    ends: i64,
}

/// How many genuine tokens are remembered: callers come again with the same one. A forged one is never among
/// them.
const REMEMBERED: usize = 256;

struct Key {
    id: String,
    signs: EncodingKey,
    checks: DecodingKey,
}

impl Key {
    fn derive(root: &SecretString) -> Self {
        let key = DerivedKey::derive(root, "access-token");
        let (signs, checks) =
            (EncodingKey::from_secret(key.secret()), DecodingKey::from_secret(key.secret()));
        Self { id: key.id(), signs, checks }
    }
}

fn validation(issuer: &str, audience: &str) -> Validation {
    // One algorithm, named here and not by the token: `alg: none` and key confusion end at this line.
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    // Expiry follows our clock.
    validation.validate_exp = false;
    validation
}

impl AccessTokens {
    /// Derives the keys from the root, and from the root before it while tokens made with that one still
    /// live.
    #[must_use]
    pub fn derive(
        root: &SecretString,
        previous: Option<&SecretString>,
        terms: Terms<'_>,
        clock: Clock,
    ) -> Self {
        let Terms { issuer, audience, max_lifetime } = terms;
        let keys = [Some(root), previous].into_iter().flatten().map(Key::derive).collect();
        let validation = validation(issuer, audience);
        let (issuer, audience) = (issuer.to_owned(), audience.to_owned());
        Self(Arc::new(Ring {
            keys,
            validation,
            issuer,
            audience,
            max_lifetime,
            clock,
            genuine: Cache::new(REMEMBERED),
        }))
    }

    /// Makes a token.
    ///
    /// # Errors
    /// Only when it cannot be serialised, which its types rule out.
    pub fn issue(&self, grant: &Grant, now: DateTime<Utc>) -> Result<String, TokenError> {
        self.issue_with(grant, None, now)
    }

    /// Makes a token for a person, which lives no longer than the password whose mark this is.
    ///
    /// # Errors
    /// As [`AccessTokens::issue`].
    pub fn issue_to_person(
        &self,
        grant: &Grant,
        credential: String,
        now: DateTime<Utc>,
    ) -> Result<String, TokenError> {
        self.issue_with(grant, Some(credential), now)
    }

    fn issue_with(
        &self,
        grant: &Grant,
        credential: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<String, TokenError> {
        let Ring { keys, issuer, audience, clock, .. } = &*self.0;
        let key = keys.first().ok_or(TokenError::Unknown("key"))?;
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
            credential,
        };
        let header =
            Header { typ: Some(TYPE.to_owned()), kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
        Ok(jsonwebtoken::encode(&header, &claims, &key.signs)?)
    }

    /// Reads a token that a caller sent.
    ///
    /// # Errors
    /// [`TokenError`] for everything that is not a live token of ours.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Actor, TokenError> {
        // By its digest: no live token is kept.
        let digest = Sha256::digest(token.as_bytes()).into();
        let genuine = if let Some(genuine) = self.0.genuine.get(&digest) {
            genuine
        } else {
            let genuine = self.read(token)?;
            self.0.genuine.insert(digest, genuine.clone());
            genuine
        };
        let now = now.timestamp();
        if genuine.ends.saturating_add(LEEWAY) <= now {
            return Err(TokenError::Expired);
        }
        if genuine.begins.saturating_sub(LEEWAY) > now {
            return Err(TokenError::NotYet);
        }
        Ok(genuine.actor)
    }

    /// Everything that a token says, but for the time.
    fn read(&self, token: &str) -> Result<Genuine, TokenError> {
        let header = jsonwebtoken::decode_header(token)?;
        if let Some(name) = strange_header(token) {
            return Err(TokenError::Header(name));
        }
        if !header.typ.as_deref().is_some_and(is_access_token) {
            return Err(TokenError::Type);
        }
        let Ring { keys, validation, max_lifetime, .. } = &*self.0;
        let key =
            keys.iter().find(|key| header.kid.as_ref() == Some(&key.id)).ok_or(TokenError::Unknown("key"))?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.checks, validation)?.claims;
        let lifetime = u64::try_from(claims.exp.saturating_sub(claims.iat)).unwrap_or_default();
        if lifetime > max_lifetime.as_secs() {
            return Err(TokenError::Lifetime);
        }
        let (begins, ends) = (claims.iat.max(claims.nbf.unwrap_or(i64::MIN)), claims.exp);
        Ok(Genuine { actor: actor(claims)?, begins, ends })
    }
}

/// RFC 9068 §4: a media type, which may leave out `application/` and is compared without regard to case.
fn is_access_token(typ: &str) -> bool {
    let is = |name: &str| name.eq_ignore_ascii_case(TYPE);
    is(typ)
        || typ
            .split_once('/')
            .is_some_and(|(tree, name)| tree.eq_ignore_ascii_case("application") && is(name))
}

/// A member of the header that changes how a token is to be read: extensions that must be understood (RFC
/// 7515 §4.1.11), and compression (RFC 7516 §4.1.3), by which a short token becomes a long one. None of ours
/// has either.
fn strange_header(token: &str) -> Option<&'static str> {
    let header = token.split('.').next().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())?;
    let header: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&header).ok()?;
    ["crit", "zip"].into_iter().find(|name| header.contains_key(*name))
}

/// As much as a subject or its name has at most.
const LONGEST_SUBJECT: usize = 255;

/// Whether a text can name somebody: in rows, in letters and in log lines.
fn is_name(text: &str) -> bool {
    (1..=LONGEST_SUBJECT).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn actor(claims: Claims) -> Result<Actor, TokenError> {
    if !is_name(&claims.sub) || !claims.name.as_deref().is_none_or(is_name) {
        return Err(TokenError::Unknown("subject"));
    }
    let kind = [ActorKind::User, ActorKind::Client, ActorKind::Cli]
        .into_iter()
        .find(|kind| kind.as_str() == claims.actor);
    let mut permissions = BTreeSet::new();
    for role in &claims.roles {
        let role: Role = role.parse().map_err(|_| TokenError::Unknown("role"))?;
        permissions.extend(role.permissions());
    }
    for name in claims.scope.split_ascii_whitespace() {
        permissions.insert(name.parse().map_err(|_| TokenError::Unknown("permission"))?);
    }
    let accounts: Result<Vec<_>, _> = claims.account_ids.iter().map(|id| id.parse()).collect();
    let accounts = accounts.map_err(|_| TokenError::Unknown("account"))?;
    let name = claims.name.unwrap_or_else(|| claims.sub.clone());
    let who = ActorRef { kind: kind.ok_or(TokenError::Unknown("kind of holder"))?, id: claims.sub, name };
    let grant = principal(&claims.iss, &who, &permissions, &accounts);
    Ok(Actor { who, credential: claims.credential, grant, permissions, accounts })
}
