//! The secret of an endpoint, and its signatures: HMAC-SHA-256 over `{id}.{timestamp}.{body}` (Standard
//! Webhooks, "Signature scheme").
//!
//! A secret is `whsec_` and 24 bytes in base64 (RFC 4648 §4). It is derived from a key and stored nowhere;
//! the row has its SHA-256 hash, by which the key is found that makes it.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::domain::{
    api_client::SecretHash,
    ids::{SecretId, WebhookEndpointId, WebhookEventId},
    token::{DerivedKey, hex},
};

/// Marks a text as a secret of an endpoint.
const PREFIX: &str = "whsec_";
/// How many bytes a secret has: as few as the specification allows, which are 192 bits.
const LENGTH: usize = 24;
/// How many characters of a secret are shown after it was made.
const HINT: usize = 4;

/// A secret. Only [`WebhookSecret::expose`] gives its text.
#[derive(Clone)]
pub struct WebhookSecret {
    text: SecretString,
    key: [u8; LENGTH],
}

impl WebhookSecret {
    fn new(key: [u8; LENGTH]) -> Self {
        Self { text: SecretString::from(format!("{PREFIX}{}", STANDARD.encode(key))), key }
    }

    /// The text. Use it only in the answer that shows it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// The last characters, by which people recognise it.
    #[must_use]
    pub fn hint(&self) -> String {
        let text = self.expose();
        text.get(text.len().saturating_sub(HINT)..).unwrap_or_default().to_owned()
    }

    /// Its hash, for storage.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::stored(hex(&Sha256::digest(self.expose())))
    }

    /// The signature of a webhook, as the header `webhook-signature` has it. `timestamp` is that of the
    /// attempt, in seconds since 1970. `None` only if the key could not be used, which its length rules out.
    #[must_use]
    pub fn signature(&self, id: WebhookEventId, timestamp: i64, body: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body.as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret")
    }
}

/// The keys from which secrets are derived: the current one makes them; secrets that the previous one made
/// still sign.
#[derive(Debug, Clone)]
pub struct WebhookSecretKeys {
    current: DerivedKey,
    previous: Option<DerivedKey>,
}

impl WebhookSecretKeys {
    /// Derives the keys from the root key and from the previous root key.
    #[must_use]
    pub fn derive(root: &SecretString, previous: Option<&SecretString>) -> Self {
        let key = |root| DerivedKey::derive(root, "webhook-secret");
        Self { current: key(root), previous: previous.map(key) }
    }

    /// The secret of these ids. It is deterministic. `None` only if the key could not be used, which its
    /// length rules out.
    #[must_use]
    pub fn make(&self, endpoint: WebhookEndpointId, secret: SecretId) -> Option<WebhookSecret> {
        made(&self.current, endpoint, secret)
    }

    /// The secret of these ids that has this hash; `None` where neither key makes it.
    #[must_use]
    pub fn find(
        &self,
        endpoint: WebhookEndpointId,
        secret: SecretId,
        hash: &SecretHash,
    ) -> Option<WebhookSecret> {
        let keys = [Some(&self.current), self.previous.as_ref()].into_iter().flatten();
        keys.filter_map(|key| made(key, endpoint, secret)).find(|secret| hash.is(&secret.hash()))
    }
}

fn made(key: &DerivedKey, endpoint: WebhookEndpointId, secret: SecretId) -> Option<WebhookSecret> {
    let mut mac = key.mac(endpoint.uuid().as_bytes())?;
    mac.update(secret.uuid().as_bytes());
    let bytes = mac.finalize().into_bytes();
    Some(WebhookSecret::new(bytes.get(..LENGTH)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn ids(number: u128) -> (WebhookEndpointId, SecretId) {
        (WebhookEndpointId::from_uuid(Uuid::from_u128(number)), SecretId::from_uuid(Uuid::from_u128(!number)))
    }

    #[test]
    fn secrets_have_the_form_of_the_specification_and_differ() {
        let keys = WebhookSecretKeys::derive(&"root".to_owned().into(), None);
        let make = |number| {
            let (endpoint, secret) = ids(number);
            keys.make(endpoint, secret).unwrap()
        };
        let texts: std::collections::BTreeSet<String> =
            (0..200).map(|number| make(number).expose().to_owned()).collect();
        assert_eq!(texts.len(), 200);
        for text in &texts {
            let key = STANDARD.decode(text.strip_prefix("whsec_").unwrap()).unwrap();
            assert!(key.len() == LENGTH && text.len() == 38 && !text.ends_with('='), "{text}");
        }
        assert_eq!(make(1).expose(), make(1).expose());
        assert_eq!(make(1).hint(), make(1).expose()[34..]);
        assert_eq!(format!("{:?}", make(1)), "WebhookSecret");
    }

    #[test]
    fn a_signature_is_that_of_its_secret_over_id_time_and_body() {
        // Computed with Python: base64(hmac(bytes(range(24)), "msg_….1795000000.{\"a\":1}", sha256)).
        let key = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let secret = WebhookSecret::new(key);
        assert_eq!(secret.expose(), "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
        let id = WebhookEventId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
        let sign = |timestamp, body| secret.signature(id, timestamp, body).unwrap();
        assert_eq!(sign(1_795_000_000, "{\"a\":1}"), "v1,jTzABoGNBi7u+jZtb/fJqKV0y/Iu+xrP47v55nEZcyo=");
        assert_ne!(sign(1_795_000_001, "{\"a\":1}"), sign(1_795_000_000, "{\"a\":1}"));
        assert_ne!(sign(1_795_000_000, "{\"a\":2}"), sign(1_795_000_000, "{\"a\":1}"));
    }

    #[test]
    fn the_key_of_before_still_makes_its_secrets() {
        let root = |text: &str| SecretString::from(text.to_owned());
        let (endpoint, id) = ids(7);
        let secret = WebhookSecretKeys::derive(&root("one"), None).make(endpoint, id).unwrap();
        let hash = secret.hash();
        let found = |current: &str, previous: Option<SecretString>| {
            let keys = WebhookSecretKeys::derive(&root(current), previous.as_ref());
            keys.find(endpoint, id, &hash).map(|found| found.expose().to_owned())
        };
        assert_eq!(found("one", None).as_deref(), Some(secret.expose()));
        assert_eq!(found("two", Some(root("one"))).as_deref(), Some(secret.expose()));
        assert_eq!(found("two", None), None);
    }
}
