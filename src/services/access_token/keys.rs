//! The keys of access tokens, derived from the root key: Ed25519 key pairs that sign (EdDSA, RFC 8037), and
//! the shared keys of tokens that earlier versions signed with HS256.

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{AlgorithmParameters, Jwk, ThumbprintHash},
};
use secrecy::SecretString;

use crate::domain::token::DerivedKey;

/// What precedes the 32 bytes of a private key in PKCS #8 (RFC 8410 §7).
const PKCS8_ED25519: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A public key, by which others verify our tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its id, which is in the header of each token: the thumbprint of the key (RFC 7638).
    pub id: String,
    /// The 32 bytes of the Ed25519 public key in URL-safe base64 (RFC 8037 §2).
    pub x: String,
}

/// A key pair that signs tokens.
pub(super) struct SigningKey {
    pub public: PublicKey,
    pub signs: EncodingKey,
}

impl SigningKey {
    /// The key pair of a root key; `None` only if its public key could not be computed, which 32 bytes rule
    /// out.
    pub fn derive(root: &SecretString) -> Option<Self> {
        let seed = DerivedKey::derive(root, "access-token-ed25519");
        let signs = EncodingKey::from_ed_der(&[PKCS8_ED25519.as_slice(), seed.secret()].concat());
        let key = Jwk::from_encoding_key(&signs, Algorithm::EdDSA).ok()?;
        let id = key.thumbprint(ThumbprintHash::SHA256).ok()?;
        let AlgorithmParameters::OctetKeyPair(parameters) = key.algorithm else { return None };
        Some(Self { public: PublicKey { id, x: parameters.x }, signs })
    }
}

/// A key that verifies tokens. The key decides the algorithm, and never the token: that prevents `alg: none`
/// and a public key used as a shared one (RFC 8725 §3.1).
pub(super) struct VerifyingKey {
    pub id: String,
    pub algorithm: Algorithm,
    pub checks: DecodingKey,
}

impl VerifyingKey {
    pub fn of(key: &SigningKey) -> Option<Self> {
        let PublicKey { id, x } = key.public.clone();
        Some(Self { id, algorithm: Algorithm::EdDSA, checks: DecodingKey::from_ed_components(&x).ok()? })
    }

    /// The key of tokens that were issued before there were key pairs: they live for a year at most.
    pub fn shared(root: &SecretString) -> Self {
        let key = DerivedKey::derive(root, "access-token");
        let checks = DecodingKey::from_secret(key.secret());
        Self { id: key.id(), algorithm: Algorithm::HS256, checks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032 §7.1, TEST 1, with the thumbprint of RFC 8037 §A.3, which has the same key.
    #[test]
    fn the_public_key_and_its_thumbprint_are_those_of_the_rfc() {
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
            0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
        ];
        let signs = EncodingKey::from_ed_der(&[PKCS8_ED25519.as_slice(), &seed].concat());
        let key = Jwk::from_encoding_key(&signs, Algorithm::EdDSA).unwrap();
        assert_eq!(
            key.thumbprint(ThumbprintHash::SHA256).unwrap(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
        let AlgorithmParameters::OctetKeyPair(parameters) = key.algorithm else { panic!("{key:?}") };
        assert_eq!(parameters.x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    }

    #[test]
    fn each_root_key_has_a_key_pair_of_its_own() {
        let of = |root: &str| SigningKey::derive(&SecretString::from(root)).unwrap().public;
        assert_eq!(of("one"), of("one"));
        assert_ne!(of("one"), of("two"));
        assert_eq!(of("one").id.len(), 43);
    }
}
