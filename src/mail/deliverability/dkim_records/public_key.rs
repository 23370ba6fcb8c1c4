//! The public key in a record of DKIM (RFC 6376 §3.6.1, RFC 8463).

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Some records have no `=` at the end.
pub(super) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The public key of a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PublicKey {
    /// `k=`: `rsa` where the record does not say.
    pub kind: String,
    /// `p=`, decoded.
    pub key: Vec<u8>,
    /// `t=y`: receivers are asked to make nothing of it.
    pub is_test: bool,
}

impl PublicKey {
    /// # Errors
    /// What receivers will not accept.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let tag = |name: &str| {
            let mut tags = text.split(';').filter_map(|tag| tag.split_once('='));
            tags.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim())
        };
        if tag("v").is_some_and(|version| version != "DKIM1") {
            return Err("it is no record of DKIM");
        }
        let key: String = tag("p").ok_or("it has no key (p=)")?.split_whitespace().collect();
        if key.is_empty() {
            return Err("the key is revoked (p= is empty)");
        }
        let key = LENIENT.decode(key).map_err(|_| "the key (p=) is not base64")?;
        let kind = tag("k").unwrap_or("rsa").to_owned();
        let is_test = tag("t").is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y"));
        Ok(Self { kind, key, is_test })
    }

    /// As [`Self::parse`], and an RSA key must be one.
    ///
    /// # Errors
    /// What receivers will not accept.
    pub fn parse_whole(text: &str) -> Result<Self, &'static str> {
        let key = Self::parse(text)?;
        if key.kind == "rsa" && key.rsa_bits().is_none() {
            return Err("the key (p=) is no RSA key");
        }
        Ok(key)
    }

    /// The key, for people.
    pub fn describe(&self) -> String {
        self.rsa_bits().map_or_else(
            || format!("a key of the kind {}", self.kind),
            |bits| format!("an RSA key of {bits} bits"),
        )
    }

    /// The length of an RSA key in bits, where it can be read.
    pub fn rsa_bits(&self) -> Option<usize> {
        if self.kind != "rsa" {
            return None;
        }
        // A SubjectPublicKeyInfo has the algorithm first; a bare RSAPublicKey has the modulus.
        let (tag, first, rest) = der(der(&self.key)?.1)?;
        let modulus = match tag {
            0x30 => der(der(der(rest)?.1.get(1..)?)?.1)?.1,
            _ => first,
        };
        Some(modulus.iter().skip_while(|byte| **byte == 0).count() * 8)
    }
}

/// The first DER value: its tag, its content, and what follows.
fn der(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => ((usize::from(*rest.first()?) << 8) | usize::from(*rest.get(1)?), rest.get(2..)?),
        _ => return None,
    };
    Some((*tag, rest.get(..length)?, rest.get(length..)?))
}
