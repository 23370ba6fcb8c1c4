//! Tokens that are derived and not stored: an object's id and a generation, with a MAC. Activation links and
//! refresh tokens have this form, each kind with keys of its own.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::Mac;
use secrecy::SecretString;
use uuid::Uuid;

use super::derived_key::{DerivedKey, KEY_ID};

const VERSION: u8 = 1;
const CLAIM: usize = 1 + KEY_ID + 16 + 4;
const MAC: usize = 32;
/// The length of a token in characters: four for three bytes, without a remainder.
pub(super) const LENGTH: usize = (CLAIM + MAC) / 3 * 4;
const _: () = assert!((CLAIM + MAC).is_multiple_of(3));

/// The keys of one purpose: only the current one makes tokens, all check them.
#[derive(Debug, Clone)]
pub(in crate::domain) struct ClaimKeys {
    pub(super) current: DerivedKey,
    previous: Option<DerivedKey>,
}

impl ClaimKeys {
    /// Derives the keys for `purpose` from the root key, and from the previous root key while its tokens are
    /// valid.
    pub(in crate::domain) fn derive(
        root: &SecretString,
        previous: Option<&SecretString>,
        purpose: &str,
    ) -> Self {
        let key = |root| DerivedKey::derive(root, purpose);
        Self { current: key(root), previous: previous.map(key) }
    }

    /// The token of an id and a generation. It is deterministic.
    pub(in crate::domain) fn sign(&self, id: Uuid, generation: i32) -> String {
        let mut bytes = Vec::with_capacity(CLAIM + MAC);
        bytes.push(VERSION);
        bytes.extend(self.current.id);
        bytes.extend(id.into_bytes());
        bytes.extend(generation.to_be_bytes());
        if let Some(mac) = self.current.mac(&bytes) {
            bytes.extend(mac.finalize().into_bytes());
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The id and the generation of a genuine token. The MAC is compared in constant time.
    pub(in crate::domain) fn verify(&self, text: &[u8]) -> Option<(Uuid, i32)> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (claim, mac) = bytes.split_at_checked(CLAIM)?;
        let (&version, rest) = claim.split_first()?;
        let (key_id, rest) = rest.split_at_checked(KEY_ID)?;
        let (uuid, generation) = rest.split_at_checked(16)?;
        let key = [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .find(|key| key.id == key_id)?;
        if version != VERSION {
            return None;
        }
        key.mac(claim)?.verify_slice(mac).ok()?;
        Some((Uuid::from_slice(uuid).ok()?, i32::from_be_bytes(generation.try_into().ok()?)))
    }
}
