#!/usr/bin/env bash
# jsonwebtoken 11.1.0 (feature rust_crypto): an Ed25519 key of fewer than 32 bytes in a key set (JWKS) panics
# when a token is verified with it, and of a longer one the rest is ignored. The key set is another server's
# answer, and neither `DecodingKey::from_jwk` nor `from_ed_components` looks at the length; an error
# (`InvalidEddsaKey`) exists. Here identity/key_set.rs skips keys of any other length.
# Seen:
#   x of 31 bytes          panics: range end index 32 out of range for slice of length 31
#   x of 32 bytes and 1    verifies what the 32 bytes verify
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
cat > Cargo.toml <<'TOML'
[package]
name = "short-ed25519-key"
version = "0.0.0"
edition = "2024"
[dependencies]
base64 = "0.22"
jsonwebtoken = { version = "=11.1.0", default-features = false, features = ["rust_crypto"] }
serde_json = "1"
TOML
mkdir src
cat > src/main.rs <<'RUST'
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::Jwk};
use serde_json::{Value, json};

fn main() {
    // PKCS #8 of an Ed25519 key (RFC 8410 §7).
    let mut der = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    der.extend([7; 32]);
    let key = EncodingKey::from_ed_der(&der);
    let token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &json!({ "exp": 9_999_999_999_u64 }), &key).unwrap();
    let good: Value = json!(Jwk::from_encoding_key(&key, Algorithm::EdDSA).unwrap());
    let public = URL_SAFE_NO_PAD.decode(good["x"].as_str().unwrap()).unwrap();
    let verify = |bytes: &[u8]| {
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(bytes) });
        let key = DecodingKey::from_jwk(&serde_json::from_value(jwk).unwrap()).expect("the key is read");
        jsonwebtoken::decode::<Value>(&token, &key, &Validation::new(Algorithm::EdDSA)).is_ok()
    };
    assert!(verify(&public), "a whole key verifies");
    let longer = verify(&[public.as_slice(), &[1]].concat());
    let shorter = std::panic::catch_unwind(|| verify(&public[..31]));
    println!("longer verifies: {longer}; shorter panics: {}", shorter.is_err());
    assert!(longer && shorter.is_err(), "the behaviour has changed");
}
RUST
cargo run --quiet
