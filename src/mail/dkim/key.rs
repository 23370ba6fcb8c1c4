//! The private keys of DKIM: RSA from 2,048 to 4,096 bits, and Ed25519.
//!
//! RFC 8301 §3.2 asks for at least 2,048 bits, and lets verifiers stop at 4,096. Shorter keys that a domain
//! still publishes stay valid at its other senders; this service makes no signature with them.

use std::{fs, io::Read, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use sha2::{Digest, Sha256};

/// The longest key file, in bytes: far more than any key has. A device file would not end.
const MAX_FILE: u64 = 64 * 1024;
/// The DER encoding of the algorithm `rsaEncryption` with its empty parameters (RFC 8017 appendix A.1).
const RSA_ALGORITHM: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// A private key.
pub(super) enum SigningKey {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads a file: PEM (PKCS#8, or PKCS#1 for RSA), or the 32 bytes of an Ed25519 key in base64.
    ///
    /// # Errors
    /// What is wrong with it, to follow the path; nothing of its content.
    pub(super) fn from_file(path: &Path) -> Result<Self, String> {
        let mut content = Vec::new();
        let read = fs::File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut content));
        read.map_err(|error| format!("cannot be read: {error}"))?;
        if u64::try_from(content.len()).is_ok_and(|length| length > MAX_FILE) {
            return Err("is too large for a key".to_owned());
        }
        Self::parse(&content)
    }

    pub(super) fn parse(content: &[u8]) -> Result<Self, String> {
        if content.windows(9).any(|word| word == b"ENCRYPTED") {
            return Err(
                "is encrypted: store it without a passphrase, readable by the service alone".to_owned()
            );
        }
        if !content.windows(11).any(|word| word == b"-----BEGIN ") {
            return Self::seed(content);
        }
        // The parser's own words may repeat lines of the file.
        let pem =
            PrivateKeyDer::from_pem_slice(content).map_err(|_| "contains no private key in PEM form")?;
        match &pem {
            PrivateKeyDer::Pkcs1(der) => rsa(RsaKeyPair::from_der(der.secret_pkcs1_der())),
            PrivateKeyDer::Pkcs8(der) => {
                match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()) {
                    Ok(key) => Ok(Self::Ed25519(key)),
                    Err(_) => rsa(RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())),
                }
            }
            _ => Err(OTHER_ALGORITHM.to_owned()),
        }
    }

    /// The form of RFC 8463 appendix A.1.
    fn seed(content: &[u8]) -> Result<Self, String> {
        let seed = STANDARD.decode(content.trim_ascii()).ok().filter(|seed| seed.len() == 32);
        let key = seed.and_then(|seed| Ed25519KeyPair::from_seed_unchecked(&seed).ok());
        key.map(Self::Ed25519)
            .ok_or_else(|| "contains neither a private key in PEM form nor 32 bytes in base64".to_owned())
    }

    /// The name of the algorithm in a signature.
    pub(super) fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa-sha256",
            Self::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// The kind of key in a record.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa",
            Self::Ed25519(_) => "ed25519",
        }
    }

    /// The public key as records have it: for RSA a SubjectPublicKeyInfo, for Ed25519 the key itself.
    pub(super) fn public(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => {
                let mut bits = vec![0];
                bits.extend(self.bare_public());
                der(0x30, &[&RSA_ALGORITHM[..], &der(0x03, &bits)].concat())
            }
            Self::Ed25519(_) => self.bare_public(),
        }
    }

    /// The public key without the name of its algorithm, as RFC 6376 §3.6.1 has it by the letter.
    pub(super) fn bare_public(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => key.public_key().as_ref().to_vec(),
            Self::Ed25519(key) => key.public_key().as_ref().to_vec(),
        }
    }

    /// The signature; `None` when the computation failed, which a defect of the machine may cause.
    pub(super) fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                // The random numbers hide the key from measurements; the signature does not depend on them.
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).ok()?;
                Some(signature)
            }
            // RFC 8463 §3: what is signed is the hash.
            Self::Ed25519(key) => Some(key.sign(&Sha256::digest(text)).as_ref().to_vec()),
        }
    }
}

const OTHER_ALGORITHM: &str = "is neither an RSA nor an Ed25519 key";

fn rsa(read: Result<RsaKeyPair, ring::error::KeyRejected>) -> Result<SigningKey, String> {
    read.map(|key| SigningKey::Rsa(Box::new(key))).map_err(|rejected| match rejected.to_string().as_str() {
        "TooSmall" => "is an RSA key of fewer than 2048 bits".to_owned(),
        "TooLarge" => "is an RSA key of more than 4096 bits, which receivers need not verify".to_owned(),
        "WrongAlgorithm" => OTHER_ALGORITHM.to_owned(),
        other => format!("contains no valid RSA key ({other})"),
    })
}

/// One DER value. Those here are shorter than 64 KiB.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [.., high, low] = content.len().to_be_bytes();
    let length = match (high, low) {
        (0, 0..=0x7f) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag][..], &length, content].concat()
}

/// Whether users other than the owner and the group may read the file.
pub(super) fn is_exposed(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o007 != 0)
}
