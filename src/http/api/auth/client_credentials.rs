//! Tokens for API clients at `POST /v1/auth/token`, as OAuth libraries ask for them: the grant
//! `client_credentials` (RFC 6749 §4.4), with errors as its §5.2 has them.

mod error;
mod request;

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::{error::OAuthError, request::ClientCredentialsForm};
use super::answer::TokenType;
use crate::http::{
    extract::origin::origin,
    response::{no_store::NO_CACHE, problem::Problem},
    state::State,
};
use crate::{
    domain::permission::Permission,
    services::client_token::{self, ClientToken, ClientTokenError},
};

/// An access token of an API client (RFC 6749 §5.1). There is no refresh token: the client asks for another.
#[derive(Serialize, ToSchema)]
pub struct ClientAccessToken {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// How to send it.
    token_type: TokenType,
    /// Seconds until it expires: 900, or less where the client itself ends sooner.
    #[schema(minimum = 1, maximum = 900, value_type = i32)]
    expires_in: u64,
    /// The permissions that it has, separated by blanks.
    scope: String,
}

impl ClientAccessToken {
    fn of(token: ClientToken) -> Self {
        let ClientToken { access_token, lifetime, scopes } = token;
        let scope = names(&scopes);
        Self { access_token, token_type: TokenType::Bearer, expires_in: lifetime.as_secs(), scope }
    }

    /// The example of the contract.
    pub(super) fn example() -> Self {
        Self {
            access_token: super::answer::EXAMPLE.to_owned(),
            token_type: TokenType::Bearer,
            expires_in: 900,
            scope: names(&[Permission::CustomersInvite, Permission::CustomersRead].into()),
        }
    }
}

fn names(scopes: &BTreeSet<Permission>) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

/// Answers a form.
///
/// # Errors
/// [`Problem`] where no grant is at fault: the database is unavailable.
pub(super) async fn answer(
    request: &HttpRequest,
    parameters: Vec<(String, String)>,
    state: &State,
) -> Result<HttpResponse, Problem> {
    let asked = match request::read(request, parameters) {
        Ok(asked) => asked,
        Err(error) => return Ok(error.respond()),
    };
    let scope: Vec<&str> = asked.scope.split_ascii_whitespace().collect();
    match client_token::issue(&state.services, asked.credentials, &scope, origin(request)).await {
        Ok(token) => Ok(HttpResponse::Ok().insert_header(NO_CACHE).json(ClientAccessToken::of(token))),
        Err(ClientTokenError::InvalidClient) => Ok(OAuthError::invalid_client().respond()),
        Err(ClientTokenError::InvalidScope) => Ok(OAuthError::invalid_scope().respond()),
        Err(ClientTokenError::Other(error)) => Err(error.into()),
    }
}
