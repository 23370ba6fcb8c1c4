//! Keys that are derived from the root key.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::hex::hex;

/// How many bytes of a key's id a token has.
pub(super) const KEY_ID: usize = 4;

/// A key derived from the root key for one purpose.
#[derive(Clone)]
pub struct DerivedKey {
    pub(super) id: [u8; KEY_ID],
    secret: [u8; 32],
}

impl DerivedKey {
    /// Derives the key for `purpose` from `root` (HKDF-SHA-256).
    #[must_use]
    pub fn derive(root: &SecretString, purpose: &str) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, root.expose_secret().as_bytes());
        let (mut id, mut secret) = ([0; KEY_ID], [0; 32]);
        // 4 and 32 bytes are far below HKDF's limit of 255 hashes, the only error of `expand`.
        let named = hkdf.expand(format!("invitation-service/{purpose}/id").as_bytes(), &mut id);
        let keyed = hkdf.expand(format!("invitation-service/{purpose}/key").as_bytes(), &mut secret);
        debug_assert!(named.is_ok() && keyed.is_ok());
        Self { id, secret }
    }

    /// The key's id, not secret: eight hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        hex(&self.id)
    }

    /// The key itself.
    #[must_use]
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// A MAC over a text, in 32 hexadecimal digits: names something without telling what it is.
    #[must_use]
    pub fn tag(&self, text: &str) -> String {
        self.mac(text.as_bytes()).map(|mac| hex(&mac.finalize().into_bytes()[..16])).unwrap_or_default()
    }

    /// The MAC over a claim.
    pub(in crate::domain) fn mac(&self, claim: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).ok()?;
        mac.update(claim);
        Some(mac)
    }
}

impl std::fmt::Debug for DerivedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DerivedKey")
    }
}
