//! The parts of a request that changes something, as one extractor.

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use futures_util::future::LocalBoxFuture;

use super::{auth::Caller, json_body::Body, query::Query};
use crate::{domain::actor::Actor, http::state::State};

/// A request by an authenticated caller, with a body in JSON. Query and body have not been validated.
pub struct Command {
    /// The request, for its headers.
    pub request: HttpRequest,
    /// What handlers share.
    pub state: Data<State>,
    /// The caller.
    pub actor: Actor,
    /// The query.
    pub query: Query,
    /// The body.
    pub body: Body,
}

impl FromRequest for Command {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            // The caller first: nothing of the body is read for one who is not authenticated.
            let Caller(actor) = Caller::from_request(&request, &mut payload).await?;
            let parts = <(Query, Body, Data<State>)>::from_request(&request, &mut payload);
            let (query, body, state) = parts.await?;
            Ok(Self { request, state, actor, query, body })
        })
    }
}
