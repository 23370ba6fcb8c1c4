//! Documents at well-known addresses (RFC 8615), by which others verify our access tokens.

pub(in crate::http) mod jwks;
pub(in crate::http) mod openid_configuration;

use crate::http::openapi::errors::errors;

errors! {
    WellKnownErrors:
    VALIDATION_FAILED = "a query parameter was sent, and none is known";
}

/// Where the key set is.
const JWKS_PATH: &str = "/.well-known/jwks.json";
/// How long caches may keep the documents: a new key is asked for when a token names it.
const CACHING: &str = "public, max-age=300";
