//! `POST /v1/auth/token`: signing in.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{
    extract::{
        client_address::client_address,
        json_body::Body,
        members::{self, Members},
        query::Query,
    },
    openapi::{errors::errors, sample_data},
    response::problem::Problem,
    state::State,
};
use crate::{
    domain::{client_address::ClientAddress, email::Email, password::Password},
    services::{self, ServiceError},
};

/// An address and a password.
#[derive(ToSchema)]
pub struct SignInRequest {
    /// The person's address, without regard to case. A text that is no address is refused like an unknown
    /// one.
    #[schema(value_type = String)]
    email: Option<Email>,
    /// The person's password.
    #[schema(value_type = String, format = Password)]
    password: Password,
}

impl members::Request for SignInRequest {
    fn read(members: &mut Members) -> Option<Self> {
        let email = members.required("email", members::text).map(|text| Email::parse(&text).ok());
        let password = members.required("password", |value| Ok(Password::new(&members::text(value)?)));
        Some(Self { email: email?, password: password? })
    }
}

/// An access token (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "RFC 6749 has these names")]
pub struct AccessToken {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// How to send it.
    token_type: TokenType,
    /// Seconds until it ends.
    #[schema(minimum = 1)]
    expires_in: u64,
}

impl AccessToken {
    fn of(access_token: String) -> Self {
        Self {
            access_token,
            token_type: TokenType::Bearer,
            expires_in: services::sign_in::LIFETIME.as_secs(),
        }
    }
}

/// A token as the contract shows one: its signature is none.
const EXAMPLE: &str =
    "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c3JfMDFtODZ4dnhoMGVzOHI2NXJ6eWprYTc5MmcifQ.c2ln";

/// How an access token is sent.
#[derive(Serialize, ToSchema)]
pub enum TokenType {
    /// RFC 6750.
    Bearer,
}

errors! {
    SignInErrors:
    INVALID_CREDENTIALS = "wrong address, wrong password, or the person is not active";
    RATE_LIMITED = "too many requests from this address, or too many wrong passwords; with `Retry-After`";
}

/// Sign in
///
/// A 15-minute access token with the person's roles and the accounts that they own. Anything wrong is the
/// same 401, and takes as long.
///
/// Ten requests a minute from one address (`sign-in`). After the third wrong password for an address, known
/// or not, the next one from the same place waits a second, and twice as long with each further one, up to a
/// quarter of an hour: 429 with `Retry-After`, whatever the password is. A right one begins anew, and whoever
/// signs in from elsewhere waits for nobody.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "signIn",
    request_body(content = SignInRequest, examples(
        ("SignIn" = (summary = "An address and a password", value = json!({ "email": "ada@example.com", "password": sample_data::PASSWORD }))),
    )),
    responses(
        (status = 200, description = "Signed in.", body = AccessToken, examples(
            ("AccessToken" = (summary = "For a quarter of an hour", value = json!(AccessToken::of(EXAMPLE.to_owned())))),
        )),
        SignInErrors,
    ),
    security(()),
)]
#[post("/v1/auth/token")]
pub async fn sign_in(
    request: HttpRequest,
    query: Query,
    body: Body,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    answer(query, body, &state, client_address(&request)).await
}

async fn answer(
    query: Query,
    body: Body,
    state: &State,
    client: ClientAddress,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let SignInRequest { email, password } = body.parse()?;
    // A text that is no address belongs to nobody, and nobody waits for a password to be compared.
    let Some(email) = email else {
        tracing::info!(purpose = "sign_in", subject = "no address", %client, outcome = "wrong_credentials", "password check");
        return Err(ServiceError::InvalidCredentials.into());
    };
    let access_token = services::sign_in::sign_in(&state.services, email, password, client).await?;
    Ok(HttpResponse::Ok().json(AccessToken::of(access_token)))
}
