//! The caller: `Authorization: Bearer` (RFC 6750). A handler that takes a [`Caller`] cannot be reached
//! without a token.
//!
//! A program's token is valid by itself, unless it was revoked or comes from a network that is not its
//! client's, and so is one of an identity provider. A person's token is checked against the database at each
//! request ([`session`]): it ends with its session and when the password changes, and allows no more than the
//! person's present rights.

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web::Data};
use futures_util::future::LocalBoxFuture;

use super::{client_address::client_address, origin::origin};
use crate::http::{
    middleware::{rate_limit, request_log::AuthenticatedCaller},
    response::{error_codes, problem::Problem},
    state::State,
};
use crate::{
    domain::actor::Actor,
    services::{
        ServiceError,
        authentication::{self, TokenRefusal},
        session,
    },
};

/// When keys that could not be fetched are fetched again, in seconds.
const KEYS_RETRY_AFTER: &str = "10";

/// An authenticated caller.
pub struct Caller(pub Actor);

/// A caller, where a token is optional. One that is sent and not valid is refused; `Basic` in
/// `Authorization`, as a proxy may ask for, is not a token.
pub struct OptionalCaller(pub Option<Actor>);

impl FromRequest for Caller {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { authenticate(&request).await.map(Self) })
    }
}

impl FromRequest for OptionalCaller {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let is_bearer = |value: &header::HeaderValue| {
                value.as_bytes().get(..6).is_some_and(|s| s.eq_ignore_ascii_case(b"bearer"))
            };
            if request.headers().get_all(header::AUTHORIZATION).any(is_bearer) {
                return authenticate(&request).await.map(|actor| Self(Some(actor)));
            }
            Ok(Self(None))
        })
    }
}

fn unauthenticated(detail: &str, challenge: &str) -> Problem {
    Problem::new(error_codes::UNAUTHENTICATED, detail).header(header::WWW_AUTHENTICATE, challenge)
}

fn invalid_token(reason: &str) -> Problem {
    tracing::info!(reason, "an access token was refused");
    unauthenticated("The access token is not valid, or no longer.", "Bearer error=\"invalid_token\"")
}

fn refused(refusal: TokenRefusal) -> Problem {
    match refusal {
        TokenRefusal::Invalid(reason) => invalid_token(reason),
        TokenRefusal::KeysUnavailable => {
            let detail = "The keys of the token's issuer cannot be fetched at present.";
            Problem::new(error_codes::UNAVAILABLE, detail).header(header::RETRY_AFTER, KEYS_RETRY_AFTER)
        }
    }
}

async fn authenticate(request: &HttpRequest) -> Result<Actor, Problem> {
    // Exactly one: of two, a proxy may have checked the other.
    let mut given = request.headers().get_all(header::AUTHORIZATION);
    let given = given.next().filter(|_| given.next().is_none()).and_then(|value| value.to_str().ok());
    let token = given.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        // RFC 9110 §11.1: the scheme is compared without regard to case.
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let token =
        token.ok_or_else(|| unauthenticated("Send Authorization: Bearer and an access token.", "Bearer"))?;
    let state =
        request.app_data::<Data<State>>().ok_or_else(|| Problem::new(error_codes::INTERNAL, "No state."))?;
    let services = &state.services;
    let actor = authentication::verify(services, token).await.map_err(refused)?;
    let revoked = services.revocations.contains(&services.db, &actor).await;
    if revoked.map_err(ServiceError::from)? {
        return Err(invalid_token("revoked"));
    }
    // As RFC 8705 §3 has it for a token that another than its holder sends.
    if !actor.networks.allow(client_address(request)) {
        return Err(invalid_token("network"));
    }
    let current = session::current(services, actor).await.map_err(ServiceError::from)?;
    let mut actor = current.ok_or_else(|| invalid_token("session"))?;
    rate_limit::count_caller(request, state, &actor.who)?;
    actor.who.origin = Some(origin(request));
    request.extensions_mut().insert(AuthenticatedCaller(actor.who.clone()));
    Ok(actor)
}
