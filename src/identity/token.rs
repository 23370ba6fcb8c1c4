//! A token of an identity provider: a signed JWT (RFC 7519), read and judged as RFC 8725 and RFC 9068 §4 ask.
//!
//! Nothing in a token says where a key is: `jku`, `jwk`, `x5u` and `x5c` are not looked at.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    holder::Holder,
    key_set::{Key, algorithm},
    refusal::Reason,
    settings::Issuer,
};

/// The longest token, in bytes: proxies refuse longer headers.
const MAX_LEN: usize = 16 * 1024;
/// The most seconds since 1970 that a time may have, some time after the year 9000.
const LATEST: i64 = 250_000_000_000;

/// A verified token. Its times are not compared with the clock yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderToken {
    /// Whom it names, and what they may do.
    pub holder: Holder,
    /// The second from which it is valid, without the leeway.
    pub begins: i64,
    /// The second from which it is no longer valid, without the leeway.
    pub ends: i64,
    /// The state of the provider's keys by which it was verified.
    pub keys: u64,
}

/// `iss` of a token, before anything is verified.
pub(super) fn issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        iss: Cow<'a, str>,
    }
    let [_, claims, _] = parts(token)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    // A second `iss` is an error.
    serde_json::from_slice::<Named>(&claims).ok().map(|named| named.iss.into_owned())
}

fn parts(token: &str) -> Option<[&str; 3]> {
    let mut parts = token.split('.');
    let three = [parts.next()?, parts.next()?, parts.next()?];
    (token.len() <= MAX_LEN && parts.next().is_none()).then_some(three)
}

fn object(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// A token in its parts, not verified.
pub(super) struct Unverified<'a> {
    /// What the signature is over.
    signed: &'a str,
    signature: &'a str,
    claims: &'a str,
    /// The id of the key that the token names.
    pub key_id: Option<String>,
    pub algorithm: Algorithm,
}

impl<'a> Unverified<'a> {
    /// Reads the header.
    pub fn read(token: &'a str, issuer: &Issuer) -> Result<Self, Reason> {
        let [header, claims, signature] = parts(token).ok_or("malformed")?;
        let signed = &token[..header.len() + 1 + claims.len()];
        let header = object(header).ok_or("malformed")?;
        let text = |name: &str| match header.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err("malformed"),
        };
        // RFC 7515 §4.1.11: extensions that must be understood, and RFC 7516 §4.1.3: compression.
        if let Some(name) = ["crit", "zip"].into_iter().find(|name| header.contains_key(*name)) {
            return Err(name);
        }
        let typ = text("typ")?;
        if !issuer.types.iter().any(|known| known.is_of(typ)) {
            return Err("type");
        }
        let algorithm = text("alg")?.and_then(algorithm).ok_or("algorithm")?;
        Ok(Self { signed, signature, claims, key_id: text("kid")?.map(str::to_owned), algorithm })
    }

    /// Verifies the signature by one of the keys, then the claims.
    pub fn verify(&self, candidates: &[&Key], issuer: &Issuer, keys: u64) -> Result<ProviderToken, Reason> {
        let is_signed_by = |key: &&Key| {
            let signed = self.signed.as_bytes();
            jsonwebtoken::crypto::verify(self.signature, signed, &key.checks, self.algorithm).unwrap_or(false)
        };
        if !candidates.iter().any(is_signed_by) {
            return Err("signature");
        }
        let claims = object(self.claims).ok_or("malformed")?;
        let (begins, ends) = judge(&claims, issuer)?;
        Ok(ProviderToken { holder: Holder::of(&claims, issuer)?, begins, ends, keys })
    }
}

/// Checks the registered claims. From when and until when the token is valid.
fn judge(claims: &Map<String, Value>, issuer: &Issuer) -> Result<(i64, i64), Reason> {
    if claims.get("iss").and_then(Value::as_str) != Some(&issuer.issuer) {
        return Err("issuer");
    }
    if !is_for_us(claims.get("aud"), &issuer.audiences) {
        return Err("audience");
    }
    if is_other_token(claims) {
        return Err("id_token");
    }
    // RFC 7800: bound to a key, which a bearer does not prove to have (RFC 9449 §7.2).
    if claims.contains_key("cnf") {
        return Err("cnf");
    }
    let [exp, nbf, iat] = ["exp", "nbf", "iat"].map(|name| claims.get(name).map(seconds));
    let ends = exp.flatten().ok_or("claims")?;
    let mut begins = i64::MIN;
    for time in [nbf, iat].into_iter().flatten() {
        begins = begins.max(time.ok_or("claims")?);
    }
    Ok((begins, ends))
}

/// RFC 7519 §4.1.3: one of the audiences, alone or in a list.
fn is_for_us(audience: Option<&Value>, ours: &[String]) -> bool {
    let is_ours = |one: &Value| one.as_str().is_some_and(|one| ours.iter().any(|our| our == one));
    match audience {
        Some(Value::Array(all)) => all.iter().any(is_ours),
        Some(one) => is_ours(one),
        None => false,
    }
}

/// What Keycloak names its other tokens in a claim `typ`.
const OTHER_KINDS: [&str; 4] = ["ID", "Logout", "Offline", "Refresh"];

/// Whether it is an ID token (OpenID Connect Core §2, §3.1.3.6) or a logout token (Back-Channel Logout §2.4)
/// and no access token, which a `typ` of `JWT` does not tell.
fn is_other_token(claims: &Map<String, Value>) -> bool {
    ["nonce", "at_hash", "c_hash", "events"].into_iter().any(|name| claims.contains_key(name))
        || claims.get("typ").and_then(Value::as_str).is_some_and(|kind| OTHER_KINDS.contains(&kind))
}

/// RFC 7519 §2: a number of seconds, possibly with a fraction.
fn seconds(value: &Value) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "numbers out of range are refused"
    )]
    let whole = value.as_i64().or_else(|| {
        value.as_f64().filter(|seconds| seconds.abs() < LATEST as f64).map(|seconds| seconds.floor() as i64)
    })?;
    (-LATEST..=LATEST).contains(&whole).then_some(whole)
}
