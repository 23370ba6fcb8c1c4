//! The answer with the tokens of a session.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::refresh_token::cookie;
use crate::{
    domain::{
        base_path::BasePath,
        session::{self, RefreshTransport},
    },
    http::response::no_store::NO_CACHE,
    services::{session_token, sessions::SignedIn},
};

/// An access token (RFC 6749 §5.1), and how the session continues.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "RFC 6749 has these names")]
pub struct AccessToken {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// How to send it.
    token_type: TokenType,
    /// Seconds until it expires.
    #[schema(minimum = 1, value_type = i32)]
    expires_in: u64,
    /// For `POST /v1/auth/refresh`, once; null where it is a cookie.
    refresh_token: Option<String>,
    /// Seconds until the session ends, if it is not refreshed.
    #[schema(minimum = 0, value_type = i32)]
    refresh_expires_in: u64,
}

/// How an access token is sent.
#[derive(Serialize, ToSchema)]
pub enum TokenType {
    /// RFC 6750.
    Bearer,
}

/// A token for the contract, without a genuine signature.
pub(super) const EXAMPLE: &str =
    "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3JfMDFtODZ4dnhoMGVzOHI2NXJ6eWprYTc5MmcifQ.c2ln";
/// The same, of a refresh token.
pub(super) const REFRESH_EXAMPLE: &str =
    "AZ2u8vkBmrfTOTRwMIlQzRODMWx8AAAAAZ5vG0cZ0mYk3c1c7p1u8o9Xq2hB4sKJd6VwT5yN0aE";

impl AccessToken {
    /// The example of the contract.
    pub(super) fn example() -> Self {
        Self {
            access_token: EXAMPLE.to_owned(),
            token_type: TokenType::Bearer,
            expires_in: session_token::LIFETIME.as_secs(),
            refresh_token: Some(REFRESH_EXAMPLE.to_owned()),
            refresh_expires_in: session::IDLE.num_seconds().unsigned_abs(),
        }
    }
}

/// The answer with both tokens; a cookie is for this base path.
pub(super) fn tokens(base: &BasePath, signed_in: &SignedIn, transport: RefreshTransport) -> HttpResponse {
    let refresh_token = signed_in.refresh_token.expose();
    let mut response = HttpResponse::Ok();
    response.insert_header(NO_CACHE);
    if transport == RefreshTransport::Cookie {
        response.cookie(cookie(base, refresh_token, signed_in.refresh_lifetime));
    }
    response.json(AccessToken {
        access_token: signed_in.access_token.clone(),
        token_type: TokenType::Bearer,
        expires_in: session_token::LIFETIME.as_secs(),
        refresh_token: (transport == RefreshTransport::Body).then(|| refresh_token.to_owned()),
        refresh_expires_in: signed_in.refresh_lifetime.as_secs(),
    })
}
