//! A provider's public keys: a JSON Web Key Set (RFC 7517).
//!
//! Keys are used by their type: `alg` and `use` are optional, and some libraries write neither. What is not
//! understood is skipped, as RFC 7517 §5 asks for. A shared key (`oct`) is never taken: with one that is
//! published, anybody could sign.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// The most keys of a set that are read.
const MAX_KEYS: usize = 100;
/// The most keys that are tried for a token that names none.
const MAX_TRIED: usize = 4;

/// The keys of a provider that can verify its tokens.
#[derive(Default)]
pub(super) struct KeySet(Vec<Key>);

/// A key, with the algorithms whose signatures it verifies.
pub(super) struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    pub checks: DecodingKey,
}

/// The document is no key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is no JSON Web Key Set: an object with the list keys")]
pub(super) struct NoKeySet;

impl KeySet {
    /// Reads a key set. It may have no key that is understood.
    pub fn parse(document: &[u8]) -> Result<Self, NoKeySet> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let Document { keys } = serde_json::from_slice(document).map_err(|_| NoKeySet)?;
        Ok(Self(keys.into_iter().take(MAX_KEYS).filter_map(Key::read).collect()))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The keys by which the signature may be: those with the token's key id, else those without one. A token
    /// without a key id may be signed by any of a few.
    pub fn candidates(&self, id: Option<&str>, algorithm: Algorithm) -> Vec<&Key> {
        let fits = |key: &&Key| key.algorithms.contains(&algorithm);
        let named: Vec<&Key> = self.0.iter().filter(|key| id.is_some() && key.id.as_deref() == id).collect();
        if !named.is_empty() {
            // The algorithm must be one of the key's, or it verifies nothing.
            return named.into_iter().filter(fits).take(MAX_TRIED).collect();
        }
        self.0.iter().filter(|key| id.is_none() || key.id.is_none()).filter(fits).take(MAX_TRIED).collect()
    }
}

/// A key as the document has it (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl Key {
    /// The key, if it is understood and verifies signatures.
    fn read(value: Value) -> Option<Self> {
        let key: Jwk = serde_json::from_value(value).ok()?;
        let is_for_signatures = key.r#use.as_deref().is_none_or(|usage| usage == "sig")
            && key.key_ops.as_ref().is_none_or(|all| all.iter().any(|one| one == "verify"));
        if !is_for_signatures {
            return None;
        }
        let (checks, by_type) = key.material()?;
        let algorithms = match key.alg.as_deref() {
            None => by_type.to_vec(),
            Some(name) => vec![algorithm(name).filter(|one| by_type.contains(one))?],
        };
        Some(Self { id: key.kid, algorithms, checks })
    }
}

impl Jwk {
    /// The public key and the algorithms of its type. The lengths are checked here: the library takes keys of
    /// any length, and a key of another one verifies nothing.
    fn material(&self) -> Option<(DecodingKey, &'static [Algorithm])> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => {
                let (n, e) = (bytes(self.n.as_deref()?)?, bytes(self.e.as_deref()?)?);
                is_rsa(&n, &e).then(|| (DecodingKey::from_rsa_raw_components(&n, &e), RSA.as_slice()))
            }
            ("EC", Some("P-256")) => Some((self.curve_key(32)?, &[Algorithm::ES256])),
            ("EC", Some("P-384")) => Some((self.curve_key(48)?, &[Algorithm::ES384])),
            ("OKP", Some("Ed25519")) => {
                let x = self.x.as_deref()?;
                let key = DecodingKey::from_ed_components(x).ok()?;
                (bytes(x)?.len() == 32).then_some((key, &[Algorithm::EdDSA]))
            }
            _ => None,
        }
    }

    /// RFC 7518 §6.2.1.2: coordinates have the full length of the curve.
    fn curve_key(&self, length: usize) -> Option<DecodingKey> {
        let (x, y) = (self.x.as_deref()?, self.y.as_deref()?);
        let is_whole = |text| bytes(text).is_some_and(|bytes: Vec<u8>| bytes.len() == length);
        (is_whole(x) && is_whole(y)).then(|| DecodingKey::from_ec_components(x, y).ok()).flatten()
    }
}

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// RFC 7518 §3.3: 2048 bits or more; the library takes no more than 4096.
fn is_rsa(n: &[u8], e: &[u8]) -> bool {
    let n = n.iter().position(|byte| *byte != 0).map_or(&[][..], |begin| &n[begin..]);
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    (2048..=4096).contains(&bits) && is_odd(n) && is_odd(e)
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The signature algorithm of that name, if providers' tokens may have it. `HS256` and its kin never are.
pub(super) fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "RS256" => Some(Algorithm::RS256),
        "RS384" => Some(Algorithm::RS384),
        "RS512" => Some(Algorithm::RS512),
        "PS256" => Some(Algorithm::PS256),
        "PS384" => Some(Algorithm::PS384),
        "PS512" => Some(Algorithm::PS512),
        "ES256" => Some(Algorithm::ES256),
        "ES384" => Some(Algorithm::ES384),
        // RFC 9864 names the curve.
        "EdDSA" | "Ed25519" => Some(Algorithm::EdDSA),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
