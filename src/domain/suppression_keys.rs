//! Keyed hashes of the suppressed addresses of erased users.
//!
//! An address that was suppressed stays so after its user was erased, without being stored: HMAC-SHA-256
//! (RFC 2104) with a key that is not in the database, since the bare hash of an address can be guessed.

use secrecy::SecretString;

use super::{email::Email, token::DerivedKey};

/// The keys of these hashes: the current one makes them, both recognise an address.
#[derive(Debug, Clone)]
pub struct SuppressionKeys {
    current: DerivedKey,
    previous: Option<DerivedKey>,
}

impl SuppressionKeys {
    /// Derives the keys from the root key, and from the previous one while it is configured. Later its hashes
    /// match no address any more, and cannot be made anew.
    #[must_use]
    pub fn derive(root: &SecretString, previous: Option<&SecretString>) -> Self {
        let key = |root| DerivedKey::derive(root, "erased-suppressions");
        Self { current: key(root), previous: previous.map(key) }
    }

    /// The hash to store for an address.
    #[must_use]
    pub fn hash(&self, email: &Email) -> String {
        self.current.tag(email.key())
    }

    /// The hashes that an address may have.
    #[must_use]
    pub fn hashes(&self, email: &Email) -> Vec<String> {
        let keys = [Some(&self.current), self.previous.as_ref()].into_iter().flatten();
        keys.map(|key| key.tag(email.key())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_hash_and_the_previous_key_is_recognised() {
        let root = |text: &str| SecretString::from(text.to_owned());
        let email = |text: &str| Email::parse(text).unwrap();
        let old = SuppressionKeys::derive(&root("old"), None);
        let new = SuppressionKeys::derive(&root("new"), Some(&root("old")));
        let hash = old.hash(&email("Ada@BÜCHER.example"));
        assert_eq!(hash, old.hash(&email("ada@xn--bcher-kva.example")));
        assert!(new.hashes(&email("ada@bücher.example")).contains(&hash));
        assert_ne!(hash, new.hash(&email("ada@bücher.example")));
        assert_ne!(hash, old.hash(&email("bob@bücher.example")));
    }
}
