//! `POST /v1/auth/token`: signing in.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use utoipa::ToSchema;

use super::answer::{AccessToken, tokens};
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
    domain::{client_address::ClientAddress, email::Email, password::Password, session::RefreshTransport},
    services::{self, ServiceError},
};

/// An address and a password.
#[derive(ToSchema)]
pub struct SignInRequest {
    /// The person's address, without regard to case. A text that is not an address is refused like an unknown
    /// address.
    #[schema(value_type = String)]
    email: Option<Email>,
    /// The person's password.
    #[schema(value_type = String, format = Password)]
    password: Password,
    /// How the refresh token is given: in the answer, or as a cookie that scripts cannot read.
    #[schema(value_type = Option<RefreshTransport>)]
    session: Option<RefreshTransport>,
}

impl members::Request for SignInRequest {
    fn read(members: &mut Members) -> Option<Self> {
        let email = members.required("email", members::text).map(|text| Email::parse(&text).ok());
        let password = members.required("password", |value| Ok(Password::new(&members::text(value)?)));
        let session = members.optional("session", members::parsed("unknown_session", str::parse));
        Some(Self { email: email?, password: password?, session })
    }
}

errors! {
    SignInErrors:
    INVALID_CREDENTIALS = "wrong address, wrong password, or the person is not active";
    RATE_LIMITED = "too many requests from this address, or too many wrong passwords; with `Retry-After`";
}

/// Sign in
///
/// Returns a 15-minute access token with the person's roles and the accounts that they own, and a refresh
/// token that continues the session (`POST /v1/auth/refresh`): for 7 days after each use, and 30 days in all.
/// With `"session": "cookie"` the refresh token is not in the answer: it is the cookie `__Host-refresh`,
/// which browsers send to this service alone and hide from scripts. Whatever is wrong, the answer is the same
/// 401 after the same time.
///
/// Ten requests a minute from one network address (`sign-in`). After the third wrong password for an e-mail
/// address, known or not, further attempts from the same network address have to wait: one second, doubled
/// with each wrong password, up to 15 minutes. Attempts before that are 429 with `Retry-After`, whatever the
/// password. A right password resets the wait. Attempts from other network addresses are not affected.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "signIn",
    request_body(content = SignInRequest, examples(
        ("SignIn" = (summary = "An address and a password", value = json!({
            "email": "ada@example.com", "password": sample_data::PASSWORD
        }))),
        ("SignInWithCookie" = (summary = "From a browser: the refresh token as a cookie", value = json!({
            "email": "ada@example.com", "password": sample_data::PASSWORD, "session": "cookie"
        }))),
    )),
    responses(
        (status = 200, description = "Signed in.", body = AccessToken, headers(("Set-Cookie")), examples(
            ("AccessToken" = (summary = "For a quarter of an hour", value = json!(AccessToken::example()))),
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
    let SignInRequest { email, password, session } = body.parse()?;
    // A text that is not an address has no user, and no password is compared.
    let Some(email) = email else {
        let outcome = "wrong_credentials";
        tracing::info!(purpose = "sign_in", subject = "no address", %client, outcome, "password check");
        return Err(ServiceError::InvalidCredentials.into());
    };
    let signed_in = services::sign_in::sign_in(&state.services, email, password, client).await?;
    Ok(tokens(&signed_in, session.unwrap_or(RefreshTransport::Body)))
}
