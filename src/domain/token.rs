//! The secret in an activation link: derived from a key at every use, never stored.
//!
//! A token is `version ‖ key id ‖ invitation ‖ generation ‖ HMAC-SHA-256`, in URL-safe base64 (RFC 4648 §5)
//! without padding. The row has only the generation; each resend raises it, which makes every earlier token
//! superseded. A forged token fails the MAC check before any lookup. The MAC's key is derived for this
//! purpose only (HKDF, RFC 5869), so that no access token or other signed value of this service is valid as a
//! link.

mod claim_keys;
mod derived_key;
mod hex;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

pub(super) use self::claim_keys::ClaimKeys;
use self::claim_keys::LENGTH;
pub use self::{derived_key::DerivedKey, hex::hex};
use super::{ids::InvitationId, link_template::LinkTemplate};

/// How many bytes of an input are searched for a token: more than any link has, including text around it.
const MAX_LEN: usize = 8 * 1024;

/// The token of a link: its holder can activate. Only [`LinkToken::expose`] gives its text.
#[derive(Clone)]
pub struct LinkToken(SecretString);

impl LinkToken {
    /// A token as received.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The text. Use it only in the link.
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

/// The content of a genuine token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkClaim {
    /// The invitation that it activates.
    pub invitation: InvitationId,
    /// The generation of the link, 1 for the first.
    pub generation: i32,
}

/// The token was not made with any of our keys, or was damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a genuine activation token")]
pub struct NotGenuine;

/// The keys that make and check tokens: only the current one makes them, all check them.
#[derive(Debug, Clone)]
pub struct LinkKeys(ClaimKeys);

impl LinkKeys {
    /// Derives the keys from the root key, and from the previous root key while its links are valid.
    #[must_use]
    pub fn derive(root: &SecretString, previous: Option<&SecretString>) -> Self {
        Self(ClaimKeys::derive(root, previous, "activation-link"))
    }

    /// The token for one sending of an invitation. It is deterministic, so that a retry sends the same link.
    #[must_use]
    pub fn sign(&self, claim: LinkClaim) -> LinkToken {
        LinkToken::from_text(self.0.sign(claim.invitation.uuid(), claim.generation))
    }

    /// The link that opens `page` with the token of a sending.
    #[must_use]
    pub fn link(&self, page: &LinkTemplate, claim: LinkClaim) -> SecretString {
        page.with_token(self.sign(claim).expose())
    }

    /// Verifies a received token, also with text that was added to it on its way: see `legible`. The MAC is
    /// compared in constant time.
    ///
    /// # Errors
    /// [`NotGenuine`] for everything that [`LinkKeys::sign`] did not make.
    pub fn verify(&self, token: &LinkToken) -> Result<LinkClaim, NotGenuine> {
        search(token, |text| self.genuine(text).ok()).ok_or(NotGenuine)
    }

    /// Verifies [`LENGTH`] characters.
    fn genuine(&self, text: &[u8]) -> Result<LinkClaim, NotGenuine> {
        let (uuid, generation) = self.0.verify(text).ok_or(NotGenuine)?;
        Ok(LinkClaim { invitation: InvitationId::from_uuid(uuid), generation })
    }
}

/// Searches a token in what was received, [`LENGTH`] characters at a time: see `legible`.
pub(super) fn search<T>(token: &LinkToken, genuine: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    // The version and the key id are a token's first bytes, so almost every other offset is rejected at once.
    let find = |text: &String| legible(text).as_bytes().windows(LENGTH).find_map(&genuine);
    readings(token.expose()).iter().find_map(find)
}

/// The input, and its other possible readings where its escapes are not those of URLs: quoted-printable, as
/// in the source of a letter (`=20`, RFC 2045 §6.7), and those of a filter that rewrites links
/// (`-3A__host_activate-3Ftoken-3D…`). Each is tried, since the escape characters of these are also valid in
/// URLs and tokens.
fn readings(text: &str) -> Vec<String> {
    let end = text
        .char_indices()
        .map(|(place, _)| place)
        .take_while(|place| *place <= MAX_LEN)
        .last()
        .unwrap_or_default();
    let text = if text.len() > MAX_LEN { &text[..end] } else { text };
    let mut readings = vec![text.to_owned()];
    if text.contains('=') {
        readings.push(text.replace('=', "%"));
    }
    if text.contains("-3D") {
        readings.push(text.replace('-', "%").replace('_', "/"));
    }
    readings
}

/// The characters in which a token is searched. Mail programs and people break a link over lines, put blanks,
/// full stops, brackets and invisible characters into it or around it, escape it, or copy all of it: escapes
/// are undone, then characters outside URL-safe base64 are removed. Other text, such as the rest of a URL,
/// comes before the token or after it.
fn legible(text: &str) -> String {
    let mut text = text.to_owned();
    // Each program on the way may have escaped it once more.
    for _ in 0..3 {
        if !text.contains('%') {
            break;
        }
        text = percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned();
    }
    let text = without_line_breaks(&without_references(&text));
    text.nfkc()
        .map(hyphen)
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
        .collect()
}

/// Word processors replace a hyphen by other dashes.
fn hyphen(letter: char) -> char {
    if matches!(letter, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { letter }
}

/// Removes HTML elements that break a line or allow a break.
fn without_line_breaks(text: &str) -> String {
    ["<br>", "<br/>", "<br />", "<wbr>"].into_iter().fold(text.to_owned(), |text, tag| text.replace(tag, ""))
}

/// Replaces HTML character references such as `&#8203;` and `&nbsp;`: their letters belong to no token, but
/// the character that they stand for may.
fn without_references(text: &str) -> String {
    const LONGEST_REFERENCE: usize = 10;
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        kept.push_str(before);
        // The search is limited, so that a text of nothing but `&` is not expensive.
        let near = behind.bytes().take(LONGEST_REFERENCE).position(|byte| byte == b';');
        let name = near.map(|end| (&behind[..end], &behind[end + 1..])).filter(|(name, _)| {
            let letters = name.strip_prefix('#').unwrap_or(name);
            !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        kept.extend(name.and_then(|(name, _)| referenced(name)));
        // A parameter that follows, as `&utm_source=`, has no semicolon within this limit.
        rest = name.map_or(behind, |(_, behind)| behind);
        if name.is_none() {
            kept.push('&');
        }
    }
    kept.push_str(rest);
    kept
}

/// The character of a numeric reference, decimal or hexadecimal.
fn referenced(name: &str) -> Option<char> {
    let number = name.strip_prefix('#')?;
    let code = number
        .strip_prefix(['x', 'X'])
        .map_or_else(|| number.parse().ok(), |number| u32::from_str_radix(number, 16).ok());
    code.and_then(char::from_u32)
}

/// The mark in a user's access token of the password with which it was obtained: a digest of the stored hash,
/// which is salted, so that it reveals nothing about the password. A token with the mark of another hash was
/// obtained before a change of the password, and is invalid.
#[must_use]
pub fn credential_mark(password_hash: &str) -> String {
    let digest = <Sha256 as Digest>::digest(format!("access-token credential\0{password_hash}"));
    hex(digest.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests;
