//! The digest that a body's entity tag is made of.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// The tag of a body.
pub fn digest(body: &[u8]) -> String {
    // 128 bits: two states of an object never have the same.
    let digest: [u8; 32] = Sha256::digest(body).into();
    URL_SAFE_NO_PAD.encode(digest.first_chunk::<16>().unwrap_or(&[0; 16]))
}
