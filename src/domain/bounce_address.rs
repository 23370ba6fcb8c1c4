//! The address to which a letter is returned: it names the letter, with a MAC, so that a report that comes to
//! it is about that letter, and a report on another one cannot be made by guessing (VERP, variable envelope
//! return paths).
//!
//! ```text
//! bounces+ltr_01m86xvxh0e3pt0yekqqme4qcm.0123456789abcdef@invite.example.com
//! ```
//!
//! Mail servers may change the case of a local part; everything here is compared in lower case.

use hmac::Mac;
use secrecy::SecretString;

use super::{
    ids::LetterId,
    token::{DerivedKey, hex},
};

/// How many bytes of the MAC an address has. 64 bits cannot be guessed by sending mail, and a local part has
/// 64 characters at most (RFC 5321 §4.5.3.1.1).
const CHECK: usize = 8;
/// What each letter adds to the local part: `+`, its id, a dot, and the MAC in hexadecimal digits.
const ADDED: usize = 1 + 30 + 1 + 2 * CHECK;
/// The longest local part of `MAIL_ENVELOPE_FROM`, in characters.
pub const MAX_LOCAL_PART: usize = 64 - ADDED;
/// What a local part begins with that even the plainest autoresponder does not answer.
pub const PREFIX: &str = "bounce";

/// What an address says of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BounceAddress {
    /// It names no letter.
    None,
    /// It was made for this letter.
    Letter(LetterId),
    /// It names a letter, and its MAC is wrong.
    Forged,
}

/// The keys of these addresses: only the current one makes them, all check them.
#[derive(Debug, Clone)]
pub struct BounceKeys {
    current: DerivedKey,
    previous: Option<DerivedKey>,
}

impl BounceKeys {
    /// Derives the keys from the root key, and from the previous root key.
    #[must_use]
    pub fn derive(root: &SecretString, previous: Option<&SecretString>) -> Self {
        let key = |root| DerivedKey::derive(root, "bounce address");
        Self { current: key(root), previous: previous.map(key) }
    }

    /// The local part for a letter, from that of `MAIL_ENVELOPE_FROM`.
    #[must_use]
    pub fn local_part(&self, base: &str, letter: LetterId) -> String {
        let check = self.current.mac(letter.as_str().as_bytes()).map(|mac| mac.finalize().into_bytes());
        format!("{base}+{letter}.{}", check.map(|mac| hex(&mac[..CHECK])).unwrap_or_default())
    }

    /// What `address` says. The domain is not looked at: a mail server may have rewritten it.
    #[must_use]
    pub fn check(&self, address: &str) -> BounceAddress {
        // Longer than any address (RFC 5321 §4.5.3.1.3).
        let Some((letter, check)) = parts(address).filter(|_| address.len() <= 320) else {
            return BounceAddress::None;
        };
        let Some(check) = check else { return BounceAddress::Forged };
        let is_ours = |key: &DerivedKey| {
            key.mac(letter.as_str().as_bytes()).is_some_and(|mac| mac.verify_truncated_left(&check).is_ok())
        };
        if is_ours(&self.current) || self.previous.as_ref().is_some_and(is_ours) {
            BounceAddress::Letter(letter)
        } else {
            BounceAddress::Forged
        }
    }
}

/// The letter's id and the MAC of an address of this form; the MAC is `None` when it is none.
fn parts(address: &str) -> Option<(LetterId, Option<[u8; CHECK]>)> {
    let (local, _) = address.rsplit_once('@').unwrap_or((address, ""));
    let (_, named) = local.split_once('+')?;
    let (letter, check) = named.split_once('.')?;
    let letter = letter.to_ascii_lowercase().parse().ok()?;
    Some((letter, mac(check)))
}

fn mac(digits: &str) -> Option<[u8; CHECK]> {
    let digits: Vec<u32> = digits.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).ok())
        .collect::<Option<_>>()?;
    bytes.try_into().ok().filter(|_| digits.len() == 2 * CHECK)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: &str = "ltr_01m86xvxh0e3pt0yekqqme4qcm";

    fn keys(root: &str, previous: Option<&str>) -> BounceKeys {
        BounceKeys::derive(&root.into(), previous.map(SecretString::from).as_ref())
    }

    fn address(keys: &BounceKeys) -> String {
        format!("{}@invite.example.com", keys.local_part("bounces", LETTER.parse().unwrap()))
    }

    #[test]
    fn an_address_names_its_letter_in_any_case_and_after_a_change_of_the_key() {
        let (old, new) = (keys("one", None), keys("two", Some("one")));
        let address = address(&old);
        assert!(address.starts_with("bounces+ltr_01m86xvxh0e3pt0yekqqme4qcm."), "{address}");
        for address in
            [address.clone(), address.to_uppercase(), address.replace("example.com", "example.org")]
        {
            for keys in [&old, &new] {
                assert_eq!(keys.check(&address), BounceAddress::Letter(LETTER.parse().unwrap()), "{address}");
            }
        }
        assert_eq!(keys("two", None).check(&address), BounceAddress::Forged);
    }

    #[test]
    fn a_wrong_mac_is_a_forgery_and_another_form_no_address_of_a_letter() {
        let (keys, check) = (keys("one", None), "0123456789abcdef");
        let genuine = address(&keys);
        for forged in [
            format!("bounces+{LETTER}.{check}@invite.example.com"),
            format!("bounces+{LETTER}.@invite.example.com"),
            format!("bounces+{LETTER}.01@invite.example.com"),
            genuine.replace("4qcm", "4qcn"),
            genuine.replace('@', "0@"),
            format!("bounces+{LETTER}.xyz@invite.example.com"),
        ] {
            assert_eq!(keys.check(&forged), BounceAddress::Forged, "{forged}");
        }
        for other in [
            "",
            "bounces@invite.example.com",
            "bounces+news@invite.example.com",
            "bounces+inv_01m86xvxh0e3pt0yekqqme4qcm.0123456789abcdef@invite.example.com",
            &format!("bounces+{LETTER}@invite.example.com"),
            &"x".repeat(1000),
        ] {
            assert_eq!(keys.check(other), BounceAddress::None, "{other}");
        }
    }

    #[test]
    fn a_local_part_is_no_longer_than_allowed() {
        let base = "b".repeat(MAX_LOCAL_PART);
        let local = keys("one", None).local_part(&base, LETTER.parse().unwrap());
        assert_eq!(local.len(), 64);
    }
}
