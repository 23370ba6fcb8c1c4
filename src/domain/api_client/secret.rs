//! The secret of an API client: derived from a key, never stored. The row has its SHA-256 hash, which needs
//! no salt and no slow function, since a secret has 256 random bits.
//!
//! A secret is `ivs_`, 44 characters in base 62, and 6 characters of their CRC-32, so that programs which
//! search for secrets in source code recognise one without false alarms. It has the form of GitHub's tokens
//! (<https://github.blog/engineering/behind-githubs-new-authentication-token-formats/>).

use hmac::Mac;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::domain::{
    ids::{ClientId, SecretId},
    token::{DerivedKey, hex},
};

/// Marks a text as a secret of this service.
const PREFIX: &str = "ivs_";
/// The digits of 128 bits in base 62, and of 32 bits.
const HALF: usize = 22;
const CHECKSUM: usize = 6;
/// How many characters of a secret are shown after it was made.
const HINT: usize = 4;

/// A secret. Only [`ClientSecret::expose`] gives its text.
#[derive(Clone)]
pub struct ClientSecret(SecretString);

impl ClientSecret {
    /// A secret as received.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The text. Use it only in the answer that shows it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The last characters, by which people recognise it: of the checksum, which is no secret by itself.
    #[must_use]
    pub fn hint(&self) -> String {
        let text = self.expose();
        text.get(text.len().saturating_sub(HINT)..).unwrap_or_default().to_owned()
    }

    /// Its hash, for storage.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash(hex(&Sha256::digest(self.expose())))
    }
}

impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientSecret")
    }
}

/// The SHA-256 hash of a secret, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHash(String);

impl SecretHash {
    /// A stored hash.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the hash of this secret, in constant time.
    #[must_use]
    pub fn is_of(&self, secret: &ClientSecret) -> bool {
        self.is(&secret.hash())
    }

    /// Whether it is this hash, in constant time.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

/// The keys from which secrets are derived: the current one makes them; with the previous one, a secret that
/// was made before can be shown to a retry of the request that made it.
#[derive(Debug, Clone)]
pub struct ClientSecretKeys {
    current: DerivedKey,
    previous: Option<DerivedKey>,
}

impl ClientSecretKeys {
    /// Derives the keys from the root key and from the previous root key.
    #[must_use]
    pub fn derive(root: &SecretString, previous: Option<&SecretString>) -> Self {
        let key = |root| DerivedKey::derive(root, "api-client-secret");
        Self { current: key(root), previous: previous.map(key) }
    }

    /// The secret of these ids. It is deterministic. `None` only if the key could not be used, which its
    /// length rules out.
    #[must_use]
    pub fn make(&self, client: ClientId, secret: SecretId) -> Option<ClientSecret> {
        made(&self.current, client, secret)
    }

    /// The secret of these ids that has this hash; `None` where neither key makes it.
    #[must_use]
    pub fn find(&self, client: ClientId, secret: SecretId, hash: &SecretHash) -> Option<ClientSecret> {
        let keys = [Some(&self.current), self.previous.as_ref()].into_iter().flatten();
        keys.filter_map(|key| made(key, client, secret)).find(|secret| hash.is_of(secret))
    }
}

fn made(key: &DerivedKey, client: ClientId, secret: SecretId) -> Option<ClientSecret> {
    let mut mac = key.mac(client.uuid().as_bytes())?;
    mac.update(secret.uuid().as_bytes());
    let bytes = mac.finalize().into_bytes();
    let (high, low) = bytes.split_at_checked(16)?;
    let half = |bytes: &[u8]| Some(base62(u128::from_be_bytes(bytes.try_into().ok()?), HALF));
    let random = half(high)? + &half(low)?;
    let checksum = base62(u128::from(crc32fast::hash(random.as_bytes())), CHECKSUM);
    Some(ClientSecret::from_text(format!("{PREFIX}{random}{checksum}")))
}

/// A number in base 62 with so many digits, the highest first.
fn base62(mut number: u128, digits: usize) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = vec![b'0'; digits];
    for place in text.iter_mut().rev() {
        let digit = usize::try_from(number % 62).unwrap_or_default();
        *place = DIGITS.get(digit).copied().unwrap_or_default();
        number /= 62;
    }
    text.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn ids(number: u128) -> (ClientId, SecretId) {
        (ClientId::from_uuid(Uuid::from_u128(number)), SecretId::from_uuid(Uuid::from_u128(!number)))
    }

    #[test]
    fn secrets_have_one_form_and_differ() {
        let keys = ClientSecretKeys::derive(&"root".to_owned().into(), None);
        let make = |number| {
            let (client, secret) = ids(number);
            keys.make(client, secret).unwrap()
        };
        let texts: std::collections::BTreeSet<String> =
            (0..200).map(|number| make(number).expose().to_owned()).collect();
        assert_eq!(texts.len(), 200);
        for text in &texts {
            let (random, checksum) = text.strip_prefix("ivs_").unwrap().split_at(44);
            assert!(text.len() == 54 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            assert_eq!(base62(u128::from(crc32fast::hash(random.as_bytes())), 6), checksum);
        }
        assert_eq!(make(1).expose(), make(1).expose());
        assert_eq!(make(1).hint(), make(1).expose()[50..]);
        assert_eq!(format!("{:?}", make(1)), "ClientSecret");
    }

    #[test]
    fn numbers_in_base_62() {
        assert_eq!([0, 61, 62, 3843].map(|number| base62(number, 2)), ["00", "0z", "10", "zz"]);
        // 2^128 - 1, the largest half.
        assert_eq!(base62(u128::MAX, HALF), "7n42DGM5Tflk9n8mt7Fhc7");
        // The check value of CRC-32 (ISO 3309).
        assert_eq!(crc32fast::hash(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_hash_fits_its_secret_and_the_key_of_before_finds_it() {
        let root = |text: &str| SecretString::from(text.to_owned());
        let (client, id) = ids(7);
        let before = ClientSecretKeys::derive(&root("one"), None);
        let secret = before.make(client, id).unwrap();
        let hash = secret.hash();
        assert!(hash.is_of(&secret) && !hash.is_of(&ClientSecret::from_text("ivs_".to_owned())));
        let found = |root: &str, previous: Option<SecretString>| {
            let text = SecretString::from(root.to_owned());
            let keys = ClientSecretKeys::derive(&text, previous.as_ref());
            keys.find(client, id, &hash).map(|found| found.expose().to_owned())
        };
        assert_eq!(found("one", None).as_deref(), Some(secret.expose()));
        assert_eq!(found("two", Some(root("one"))).as_deref(), Some(secret.expose()));
        assert_eq!(found("two", None), None);
    }
}
