//! The secret in an activation link: derived from a key at every use, never stored.
//!
//! A token is `version ‖ key id ‖ invitation ‖ generation ‖ HMAC-SHA-256`, in URL-safe base 64 (RFC 4648 §5) without padding.
//! The row keeps the generation alone; each resend raises it, which makes every earlier token a superseded one. A forged
//! token fails the MAC and costs no look-up. The MAC's key is derived for this purpose only (HKDF, RFC 5869), so that
//! neither an access token nor anything else that this service signs can pass for a link.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

use super::ids::InvitationId;

const VERSION: u8 = 1;
const KEY_ID: usize = 4;
const CLAIM: usize = 1 + KEY_ID + 16 + 4;
const MAC: usize = 32;

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A key that was derived from the root for one purpose.
#[derive(Clone)]
pub struct DerivedKey {
    id: [u8; KEY_ID],
    secret: [u8; 32],
}

impl DerivedKey {
    /// Derives the key for `purpose` from `root` (HKDF-SHA-256).
    #[must_use]
    pub fn derive(root: &SecretString, purpose: &str) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, root.expose_secret().as_bytes());
        let (mut id, mut secret) = ([0; KEY_ID], [0; 32]);
        // 4 and 32 bytes are far below HKDF's limit of 255 hashes, the only thing that `expand` refuses.
        let named = hkdf.expand(format!("invitation-service/{purpose}/id").as_bytes(), &mut id);
        let keyed = hkdf.expand(format!("invitation-service/{purpose}/key").as_bytes(), &mut secret);
        debug_assert!(named.is_ok() && keyed.is_ok());
        Self { id, secret }
    }

    /// The key's name, safe to show: eight hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        hex(&self.id)
    }

    /// The key itself.
    #[must_use]
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    fn mac(&self, claim: &[u8]) -> Option<Hmac<Sha256>> {
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

/// The token of a link: whoever has it can activate. It shows itself to nobody but [`LinkToken::expose`].
#[derive(Clone)]
pub struct LinkToken(SecretString);

impl LinkToken {
    /// A token as somebody sent it.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The text, for the link and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkToken")
    }
}

/// What a genuine token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkClaim {
    /// The invitation that it activates.
    pub invitation: InvitationId,
    /// The sending that it belongs to, 1 for the first.
    pub generation: i32,
}

/// The token was not made with any of our keys, or was damaged on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a genuine activation token")]
pub struct NotGenuine;

/// The keys that make and check tokens: the first one makes, all of them check.
#[derive(Debug, Clone)]
pub struct LinkKeys {
    current: DerivedKey,
    previous: Option<DerivedKey>,
}

impl LinkKeys {
    /// Derives the keys from the root, and from the root before it while links made with that one still live.
    #[must_use]
    pub fn derive(root: &SecretString, previous: Option<&SecretString>) -> Self {
        let key = |root| DerivedKey::derive(root, "activation-link");
        Self { current: key(root), previous: previous.map(key) }
    }

    /// The token for one sending of an invitation; the same every time, so that a retry sends the same link.
    #[must_use]
    pub fn sign(&self, claim: LinkClaim) -> LinkToken {
        let mut bytes = Vec::with_capacity(CLAIM + MAC);
        bytes.push(VERSION);
        bytes.extend(self.current.id);
        bytes.extend(claim.invitation.uuid().into_bytes());
        bytes.extend(claim.generation.to_be_bytes());
        if let Some(mac) = self.current.mac(&bytes) {
            bytes.extend(mac.finalize().into_bytes());
        }
        LinkToken::from_text(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The link that opens `page` with the token of a sending.
    #[must_use]
    pub fn link(&self, page: &Url, claim: LinkClaim) -> SecretString {
        let mut link = page.clone();
        link.query_pairs_mut().append_pair("token", self.sign(claim).expose());
        SecretString::from(String::from(link))
    }

    /// Reads a token that somebody sent. The MAC is compared in constant time.
    ///
    /// # Errors
    /// [`NotGenuine`] for everything that [`LinkKeys::sign`] did not make.
    pub fn verify(&self, token: &LinkToken) -> Result<LinkClaim, NotGenuine> {
        let bytes = URL_SAFE_NO_PAD.decode(token.expose()).map_err(|_| NotGenuine)?;
        let (claim, mac) = bytes.split_at_checked(CLAIM).ok_or(NotGenuine)?;
        let (&version, rest) = claim.split_first().ok_or(NotGenuine)?;
        let (key_id, rest) = rest.split_at_checked(KEY_ID).ok_or(NotGenuine)?;
        let (uuid, generation) = rest.split_at_checked(16).ok_or(NotGenuine)?;
        let key = [Some(&self.current), self.previous.as_ref()].into_iter().flatten().find(|key| key.id == key_id);
        let expected = key.filter(|_| version == VERSION).and_then(|key| key.mac(claim)).ok_or(NotGenuine)?;
        expected.verify_slice(mac).map_err(|_| NotGenuine)?;
        Ok(LinkClaim {
            invitation: InvitationId::from_uuid(uuid::Uuid::from_slice(uuid).map_err(|_| NotGenuine)?),
            generation: i32::from_be_bytes(generation.try_into().map_err(|_| NotGenuine)?),
        })
    }
}

/// What a person's access token says of the password that it was got with: a digest of the stored hash, which is salted, so that it
/// tells nothing of the password. A token whose mark is not that of the present hash has outlived its password.
#[must_use]
pub fn credential_mark(password_hash: &str) -> String {
    let digest = <Sha256 as Digest>::digest(format!("access-token credential\0{password_hash}"));
    hex(digest.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn root(text: &str) -> SecretString {
        SecretString::from(text.repeat(8))
    }

    fn claim() -> LinkClaim {
        LinkClaim { invitation: InvitationId::from_uuid(uuid::Uuid::from_u128(7)), generation: 3 }
    }

    #[test]
    fn a_token_says_what_was_signed_and_is_the_same_every_time() {
        let keys = LinkKeys::derive(&root("one!"), None);
        assert_eq!(keys.verify(&keys.sign(claim())), Ok(claim()));
        assert_eq!(keys.sign(claim()).expose(), keys.sign(claim()).expose());
    }

    #[test]
    fn another_key_or_purpose_does_not_pass() {
        let keys = LinkKeys::derive(&root("one!"), None);
        assert_eq!(keys.verify(&LinkKeys::derive(&root("two!"), None).sign(claim())), Err(NotGenuine));
        assert_ne!(DerivedKey::derive(&root("one!"), "access-token").secret(), keys.current.secret());
    }

    #[test]
    fn links_of_the_previous_key_live_on_after_a_rotation() {
        let old = LinkKeys::derive(&root("one!"), None).sign(claim());
        let rotated = LinkKeys::derive(&root("two!"), Some(&root("one!")));
        assert_eq!(rotated.verify(&old), Ok(claim()));
        assert_ne!(rotated.sign(claim()).expose(), old.expose());
    }

    #[test]
    fn shows_itself_to_nobody() {
        let keys = LinkKeys::derive(&root("one!"), None);
        assert_eq!(format!("{:?}", keys.sign(claim())), "LinkToken");
        assert!(!format!("{keys:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn any_change_to_a_token_is_noticed(position in 0usize..76, letter in "[A-Za-z0-9_-]") {
            let keys = LinkKeys::derive(&root("one!"), None);
            let good = keys.sign(claim());
            let mut text = good.expose().to_owned();
            text.replace_range(position..=position, &letter);
            prop_assume!(text != good.expose());
            prop_assert_eq!(keys.verify(&LinkToken::from_text(text)), Err(NotGenuine));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,120}") {
            let keys = LinkKeys::derive(&root("one!"), None);
            prop_assert_eq!(keys.verify(&LinkToken::from_text(text)), Err(NotGenuine));
        }

        #[test]
        fn half_a_token_is_none(length in 0usize..76) {
            let keys = LinkKeys::derive(&root("one!"), None);
            let half = keys.sign(claim()).expose().chars().take(length).collect();
            prop_assert_eq!(keys.verify(&LinkToken::from_text(half)), Err(NotGenuine));
        }
    }
}
