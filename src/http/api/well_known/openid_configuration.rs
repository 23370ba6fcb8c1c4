//! `GET /.well-known/openid-configuration`: where the keys are, and what is supported.

use actix_web::{HttpRequest, HttpResponse, get, http::header::CACHE_CONTROL, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::{CACHING, JWKS_PATH, WellKnownErrors};
use crate::domain::permission::Permission;
use crate::http::{
    extract::query::Query,
    response::{
        problem::Problem,
        representation::{self, Representation},
    },
    state::State,
};

/// The metadata of an authorization server (RFC 8414 §2, OpenID Connect Discovery 1.0 §3), as far as this
/// service is one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenIdConfiguration)]
pub struct Metadata {
    /// `iss` in access tokens: `JWT_ISSUER`.
    #[schema(example = "https://invitations.example.com")]
    pub issuer: String,
    /// Where the public keys are.
    #[schema(format = "uri", example = "https://invitations.example.com/.well-known/jwks.json")]
    pub jwks_uri: String,
    /// Where API clients get their tokens, and people sign in.
    #[schema(format = "uri", example = "https://invitations.example.com/v1/auth/token")]
    pub token_endpoint: String,
    /// The permissions that a token may have in `scope`.
    pub scopes_supported: Vec<Permission>,
    /// None: there is no authorization endpoint.
    pub response_types_supported: Vec<String>,
    /// `client_credentials`, of API clients. People sign in with a JSON body, which RFC 6749 does not have.
    pub grant_types_supported: Vec<String>,
    /// `client_secret_basic` and `client_secret_post`.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// `public`: each person has one `sub`.
    pub subject_types_supported: Vec<String>,
    /// None: there are no ID tokens.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// The API browser.
    #[schema(format = "uri", example = "https://invitations.example.com/docs/")]
    pub service_documentation: String,
}

impl Metadata {
    fn of(issuer: &str, public_url: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            jwks_uri: format!("{public_url}{JWKS_PATH}"),
            token_endpoint: format!("{public_url}/v1/auth/token"),
            scopes_supported: Permission::ALL.to_vec(),
            response_types_supported: Vec::new(),
            grant_types_supported: vec!["client_credentials".to_owned()],
            token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"]
                .map(str::to_owned)
                .to_vec(),
            subject_types_supported: vec!["public".to_owned()],
            id_token_signing_alg_values_supported: Vec::new(),
            service_documentation: format!("{public_url}/docs/"),
        }
    }

    fn example() -> Self {
        Self::of("https://invitations.example.com", "https://invitations.example.com")
    }
}

/// The issuer of access tokens
///
/// What a service that verifies our access tokens needs to know. A library that finds this document by the
/// issuer needs a `JWT_ISSUER` that is equal to `PUBLIC_URL`. Only what this service has is named: it has no
/// authorization endpoint and issues no ID tokens.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "openidConfiguration",
    security(()),
    responses(
        (status = 200, description = "The metadata.", body = Metadata, examples(
            ("Metadata" = (summary = "The issuer is the address", value = json!(Metadata::example()))),
        )),
        WellKnownErrors,
    ),
)]
#[get("/.well-known/openid-configuration")]
pub async fn get(request: HttpRequest, query: Query, state: Data<State>) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CACHE_CONTROL, CACHING));
    let metadata = Metadata::of(state.services.access_tokens.issuer(), &state.settings.public_url);
    Ok(representation::list(&request, answer, &Representation::of(&metadata)?))
}
