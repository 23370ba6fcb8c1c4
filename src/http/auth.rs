//! Who is calling: `Authorization: Bearer` (RFC 6750). A handler that takes a [`Caller`] cannot be reached without a token.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web::Data};

use super::{State, codes, problem::Problem, trace::CallerId};
use crate::domain::actor::Actor;

/// An authenticated caller.
pub struct Caller(pub Actor);

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(authenticate(request))
    }
}

fn authenticate(request: &HttpRequest) -> Result<Caller, Problem> {
    let unauthenticated =
        |detail: &str, challenge: &str| Problem::new(codes::UNAUTHENTICATED, detail).header(header::WWW_AUTHENTICATE, challenge);
    // One alone: of two, a proxy may have looked at the other.
    let mut given = request.headers().get_all(header::AUTHORIZATION);
    let given = given.next().filter(|_| given.next().is_none()).and_then(|value| value.to_str().ok());
    let token = given.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        // RFC 9110 §11.1: the scheme is compared without regard to case.
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let token = token.ok_or_else(|| unauthenticated("Send Authorization: Bearer and an access token.", "Bearer"))?;
    let state = request.app_data::<Data<State>>().ok_or_else(|| Problem::new(codes::INTERNAL, "No state."))?;
    match state.services.access_tokens.verify(token, state.services.clock.now()) {
        Ok(actor) => {
            request.extensions_mut().insert(CallerId(actor.who.id.clone()));
            Ok(Caller(actor))
        }
        Err(error) => {
            tracing::info!(reason = error.word(), "an access token was refused");
            Err(unauthenticated("The access token is not valid, or no longer.", "Bearer error=\"invalid_token\""))
        }
    }
}
