//! `POST /v1/auth/token`: people sign in, and API clients get their tokens.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use utoipa::ToSchema;

use super::{
    answer::{AccessToken, tokens},
    client_credentials::{self, ClientAccessToken, ClientCredentialsForm},
};
use crate::http::{
    api::api_clients::view::{ApiClientView, SECRET},
    extract::{
        json_body::Body,
        members::{self, MemberError, Members},
        origin::origin,
        query::Query,
        token_request::TokenRequest,
    },
    openapi::{errors::errors, sample_data},
    response::problem::Problem,
    state::State,
};
use crate::{
    domain::{email::Email, origin::Origin, password::Password, session::RefreshTransport},
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
        members.optional("grant_type", |_| -> Result<(), MemberError> { Err(no_grant()) });
        Some(Self { email: email?, password: password?, session })
    }
}

fn no_grant() -> MemberError {
    let words = "A program sends grant_type=client_credentials as application/x-www-form-urlencoded. People \
        send no grant_type.";
    MemberError("unknown_member", words.to_owned())
}

/// The tokens of a person, in answer to JSON; or the one of a program, in answer to a form.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described here; each of the two is written by itself")]
pub enum TokenAnswer {
    /// To JSON.
    Session(AccessToken),
    /// To a form.
    Client(ClientAccessToken),
}

errors! {
    SignInErrors:
    INVALID_CREDENTIALS = "wrong address, wrong password, or the person is not active";
    RATE_LIMITED = "too many requests from this address, or too many wrong passwords; with `Retry-After`";
}

/// Sign in, or get a token for a program
///
/// **People** send JSON. Returns a 15-minute access token with the person's roles and the accounts that they
/// own, and a refresh token that continues the session (`POST /v1/auth/refresh`): for 7 days after each use,
/// and 30 days in all. With `"session": "cookie"` the refresh token is not in the answer: it is the cookie
/// `__Host-refresh` (below a base path `__Secure-refresh`, for that path), which browsers send to this
/// service alone and hide from scripts. Whatever is wrong, the answer is the same 401 after the same time.
///
/// Ten requests a minute from one network address (`sign-in`). After the third wrong password for an e-mail
/// address, known or not, further attempts from the same network address have to wait: one second, doubled
/// with each wrong password, up to 15 minutes. Attempts before that are 429 with `Retry-After`, whatever the
/// password. A right password resets the wait. Attempts from other network addresses are not affected.
///
/// **Programs** with an API client send a form: OAuth 2.0 with the grant `client_credentials` (RFC 6749
/// §4.4). The client's id and secret are in `Authorization: Basic` or in the form, and not in both. The token
/// has the client's permissions, or those in `scope`, for 15 minutes and not beyond the client's
/// `expires_at`; there is no refresh token. 400 and 401 of such requests are `application/json` with `error`
/// and `error_description` (RFC 6749 §5.2), so that OAuth libraries understand them: `invalid_client` whether
/// the client is unknown, revoked, expired or calls from another network, or the secret is wrong. Every other
/// error (406, 408, 413, 415, 422, 429, 503) is a problem, as for people. The limit of ten requests a minute
/// from one network address is theirs, too: keep a token until shortly before it ends.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "signIn",
    request_body(content(
        (SignInRequest = "application/json", examples(
            ("SignIn" = (summary = "An address and a password", value = json!({
                "email": "ada@example.com", "password": sample_data::PASSWORD
            }))),
            ("SignInWithCookie" = (summary = "From a browser: the refresh token as a cookie", value = json!({
                "email": "ada@example.com", "password": sample_data::PASSWORD, "session": "cookie"
            }))),
        )),
        (ClientCredentialsForm = "application/x-www-form-urlencoded", examples(
            ("ClientCredentials" = (summary = "A program, with its secret in the form", value = json!({
                "grant_type": "client_credentials", "client_id": ApiClientView::example().id,
                "client_secret": SECRET, "scope": "customers:read"
            }))),
        )),
    )),
    responses(
        (
            status = 200, description = "Signed in.", body = TokenAnswer,
            headers(("Set-Cookie"), ("Pragma")), examples(
                ("AccessToken" = (
                    summary = "For a quarter of an hour", value = json!(AccessToken::example())
                )),
                ("ClientAccessToken" = (
                    summary = "Of a program", value = json!(ClientAccessToken::example())
                )),
            )
        ),
        SignInErrors,
    ),
    security(()),
)]
#[post("/v1/auth/token")]
pub async fn sign_in(
    request: HttpRequest,
    query: Query,
    body: TokenRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    match body {
        TokenRequest::Json(body) => answer(query, body, &state, origin(&request)).await,
        TokenRequest::Form(parameters) => client_credentials::answer(&request, parameters, &state).await,
    }
}

async fn answer(query: Query, body: Body, state: &State, source: Origin) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let SignInRequest { email, password, session } = body.parse()?;
    // A text that is not an address has no user, and no password is compared.
    let Some(email) = email else {
        let client = source.parts().address;
        let outcome = "wrong_credentials";
        tracing::info!(purpose = "sign_in", subject = "no address", %client, outcome, "password check");
        return Err(ServiceError::InvalidCredentials.into());
    };
    let signed_in = services::sign_in::sign_in(&state.services, email, password, source).await?;
    let transport = session.unwrap_or(RefreshTransport::Body);
    Ok(tokens(&state.settings.base_path, &signed_in, transport))
}
