//! `GET /.well-known/jwks.json`: the public keys of access tokens.

use actix_web::{HttpRequest, HttpResponse, get, http::header::CACHE_CONTROL, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::{CACHING, WellKnownErrors};
use crate::http::{
    extract::query::Query,
    response::{
        problem::Problem,
        representation::{self, Representation},
    },
    state::State,
};
use crate::services::access_token::PublicKey;

/// A key set (RFC 7517 §5).
#[derive(Debug, Serialize, ToSchema)]
pub struct KeySet {
    /// The keys, the one that signs first; the other one is of `SECRET_KEY_PREVIOUS`.
    pub keys: Vec<Key>,
}

/// A public key (RFC 8037 §2).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicKey)]
pub struct Key {
    /// A key pair of an Edwards curve.
    pub kty: KeyType,
    /// The curve.
    pub crv: Curve,
    /// The public key.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    pub x: String,
    /// Its id, as in the header of tokens: the key's thumbprint (RFC 7638).
    #[schema(example = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")]
    pub kid: String,
    /// It verifies signatures.
    pub r#use: KeyUse,
    /// The algorithm of the signatures.
    pub alg: SigningAlgorithm,
}

/// The type of a key.
#[derive(Debug, Serialize, ToSchema)]
pub enum KeyType {
    /// Octet key pair.
    #[serde(rename = "OKP")]
    OctetKeyPair,
}

/// The curve of a key.
#[derive(Debug, Serialize, ToSchema)]
pub enum Curve {
    /// RFC 8032.
    Ed25519,
}

/// What a key is for.
#[derive(Debug, Serialize, ToSchema)]
pub enum KeyUse {
    /// Signatures.
    #[serde(rename = "sig")]
    Signature,
}

/// The algorithm of a signature.
#[derive(Debug, Serialize, ToSchema)]
pub enum SigningAlgorithm {
    /// RFC 8037.
    EdDSA,
}

impl KeySet {
    fn of<'a>(keys: impl Iterator<Item = &'a PublicKey>) -> Self {
        Self { keys: keys.map(Key::of).collect() }
    }

    /// The key of RFC 8037 §A.2.
    fn example() -> Self {
        let key = PublicKey {
            id: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k".to_owned(),
            x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
        };
        Self::of([key].iter())
    }
}

impl Key {
    fn of(PublicKey { id, x }: &PublicKey) -> Self {
        Self {
            kty: KeyType::OctetKeyPair,
            crv: Curve::Ed25519,
            x: x.clone(),
            kid: id.clone(),
            r#use: KeyUse::Signature,
            alg: SigningAlgorithm::EdDSA,
        }
    }
}

/// The keys of access tokens
///
/// The public keys with which other services verify the access tokens of this one. Tokens that are signed
/// with HS256 are of an earlier version; only this service can verify them.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "jwks",
    security(()),
    responses(
        (status = 200, description = "A JSON Web Key Set.", body = KeySet, examples(
            ("KeySet" = (summary = "One key", value = json!(KeySet::example()))),
        )),
        WellKnownErrors,
    ),
)]
#[get("/.well-known/jwks.json")]
pub async fn get(request: HttpRequest, query: Query, state: Data<State>) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CACHE_CONTROL, CACHING));
    let keys = KeySet::of(state.services.access_tokens.public_keys());
    Ok(representation::list(&request, answer, &Representation::of(&keys)?))
}
