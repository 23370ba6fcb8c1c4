//! An identity provider of a test: a key set at an address of this machine, and tokens that are signed with
//! any key.

use std::sync::{Arc, Mutex};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, jwk::Jwk};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::method};

use super::{Client, TestApp};

/// The audience of the tokens.
pub const AUDIENCE: &str = "https://invitations.example.com";

/// A key pair with its id.
#[derive(Clone)]
pub struct KeyPair {
    pub id: &'static str,
    pub algorithm: Algorithm,
    pub signs: EncodingKey,
}

impl KeyPair {
    fn rsa(id: &'static str, der: &[u8]) -> Self {
        Self { id, algorithm: Algorithm::RS256, signs: EncodingKey::from_rsa_der(der) }
    }

    pub fn rsa_a() -> Self {
        Self::rsa("rsa-a", include_bytes!("../../cases/keys/rsa-a.der"))
    }

    pub fn rsa_b() -> Self {
        Self::rsa("rsa-b", include_bytes!("../../cases/keys/rsa-b.der"))
    }

    pub fn p256() -> Self {
        let signs = EncodingKey::from_ec_der(include_bytes!("../../cases/keys/p256.der"));
        Self { id: "p256", algorithm: Algorithm::ES256, signs }
    }

    pub fn p384() -> Self {
        let signs = EncodingKey::from_ec_der(include_bytes!("../../cases/keys/p384.der"));
        Self { id: "p384", algorithm: Algorithm::ES384, signs }
    }

    pub fn ed25519() -> Self {
        let signs = EncodingKey::from_ed_der(include_bytes!("../../cases/keys/ed25519.der"));
        Self { id: "ed25519", algorithm: Algorithm::EdDSA, signs }
    }

    /// The public key with its id, and with neither `alg` nor `use`, as some libraries write it.
    pub fn jwk(&self) -> Value {
        let mut key = json!(Jwk::from_encoding_key(&self.signs, self.algorithm).unwrap());
        key.as_object_mut().unwrap().remove("alg");
        key["kid"] = json!(self.id);
        key
    }

    /// The header of an access token.
    pub fn header(&self) -> Value {
        json!({ "typ": "at+jwt", "alg": self.algorithm, "kid": self.id })
    }

    /// Signs whatever it is given.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &self.signs, self.algorithm).unwrap();
        format!("{signed}.{signature}")
    }
}

/// A key set.
pub fn key_set(keys: &[&KeyPair]) -> Value {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
}

/// The provider.
pub struct IdentityProvider {
    pub issuer: String,
    pub key: KeyPair,
    pub server: MockServer,
    answer: Arc<Mutex<ResponseTemplate>>,
}

impl IdentityProvider {
    /// Starts one that publishes this key.
    pub async fn start(key: KeyPair) -> Self {
        let set = key_set(&[&key]);
        let answer = Arc::new(Mutex::new(ResponseTemplate::new(200).set_body_json(set)));
        let server = MockServer::start().await;
        let said = answer.clone();
        let respond = move |_: &Request| said.lock().unwrap().clone();
        Mock::given(method("GET")).respond_with(respond).mount(&server).await;
        Self { issuer: format!("{}/realms/{}", server.uri(), key.id), key, server, answer }
    }

    /// Its entry in `JWT_ISSUERS`, with these members more.
    pub fn entry(&self, more: &Value) -> Value {
        let mut entry = json!({
            "issuer": self.issuer, "jwks_url": format!("{}/keys", self.server.uri()), "audience": AUDIENCE
        });
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    }

    /// Answers from now on like this.
    pub fn answer(&self, answer: ResponseTemplate) {
        *self.answer.lock().unwrap() = answer;
    }

    /// Publishes these keys from now on.
    pub fn publish(&self, keys: &[&KeyPair]) {
        self.answer(ResponseTemplate::new(200).set_body_json(key_set(keys)));
    }

    /// How often it was asked for its keys.
    pub async fn asked(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }

    /// The claims of a good token, changed by `change`; a null takes a claim out.
    pub fn claims(&self, app: &TestApp, change: &Value) -> Value {
        let now = app.now().timestamp();
        let mut claims = json!({
            "iss": self.issuer, "aud": AUDIENCE, "sub": "248289761001", "client_id": "portal",
            "email": "ada@example.com", "name": "Ada Lovelace", "jti": "1", "iat": now, "exp": now + 300,
            "scope": "openid customers:read",
        });
        let members = claims.as_object_mut().unwrap();
        members.extend(change.as_object().unwrap().clone());
        members.retain(|_, value| !value.is_null());
        claims
    }

    /// A good token, with these claims changed.
    pub fn token(&self, app: &TestApp, change: &Value) -> String {
        self.key.sign(&self.key.header(), &self.claims(app, change))
    }

    /// A caller with such a token.
    pub fn caller(&self, app: &TestApp, change: &Value) -> Client {
        app.bearer(&self.token(app, change))
    }
}

/// `JWT_ISSUERS` with these entries.
pub fn issuers(entries: &[Value]) -> String {
    json!(entries).to_string()
}
