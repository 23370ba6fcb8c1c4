//! Errors of the token endpoint (RFC 6749 §5.2).

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::WWW_AUTHENTICATE},
};
use serde::Serialize;
use utoipa::ToSchema;

/// The code of an error of the token endpoint (RFC 6749 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OAuthErrorCode {
    /// A parameter is missing, repeated or malformed, or the client authenticates in two ways.
    InvalidRequest,
    /// The client is not authenticated.
    InvalidClient,
    /// The scope is unknown, or exceeds the client's.
    InvalidScope,
    /// The grant is another one than `client_credentials`.
    UnsupportedGrantType,
}

/// An error, as OAuth libraries read it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OAuthError {
    /// The code.
    error: OAuthErrorCode,
    /// For developers: ASCII without quotation marks.
    error_description: &'static str,
}

impl OAuthError {
    const fn new(error: OAuthErrorCode, error_description: &'static str) -> Self {
        Self { error, error_description }
    }

    /// A request that cannot be read.
    pub(super) const fn invalid_request(description: &'static str) -> Self {
        Self::new(OAuthErrorCode::InvalidRequest, description)
    }

    /// A client that is not authenticated, whatever the reason.
    pub(super) const fn invalid_client() -> Self {
        let description = "The client is unknown, its secret is wrong, or it may not call now or from here.";
        Self::new(OAuthErrorCode::InvalidClient, description)
    }

    /// A scope that the client does not have.
    pub(super) const fn invalid_scope() -> Self {
        Self::new(OAuthErrorCode::InvalidScope, "The scope names a permission that the client does not have.")
    }

    /// Another grant.
    pub(super) const fn unsupported_grant_type() -> Self {
        let description = "The only grant is client_credentials. People sign in with a JSON body.";
        Self::new(OAuthErrorCode::UnsupportedGrantType, description)
    }

    /// The whole answer.
    pub(super) fn respond(&self) -> HttpResponse {
        let mut response = match self.error {
            OAuthErrorCode::InvalidClient => HttpResponse::build(StatusCode::UNAUTHORIZED),
            _ => HttpResponse::BadRequest(),
        };
        if self.error == OAuthErrorCode::InvalidClient {
            response.insert_header((WWW_AUTHENTICATE, "Basic realm=\"invitation-service\""));
        }
        response.json(self)
    }

    /// The examples of the contract with this status, by name.
    pub(in crate::http) fn examples(status: u16) -> Vec<(&'static str, Self)> {
        let all = [
            ("invalid_request", Self::invalid_request("The parameter grant_type is missing.")),
            ("invalid_client", Self::invalid_client()),
            ("invalid_scope", Self::invalid_scope()),
            ("unsupported_grant_type", Self::unsupported_grant_type()),
        ];
        let is_client = |error: &Self| error.error == OAuthErrorCode::InvalidClient;
        all.into_iter().filter(|(_, error)| is_client(error) == (status == 401)).collect()
    }
}
