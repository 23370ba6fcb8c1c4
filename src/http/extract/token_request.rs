//! The body of `POST /v1/auth/token`: JSON of a person, or the form of a program (RFC 6749 §4.4.2).

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::LocalBoxFuture;

use super::{
    body_limit::{BodyLimit, ORDINARY},
    json_body::{Body, Head, read},
    media_type,
};
use crate::http::{
    response::problem::Problem,
    server::connections::{Connection, connection},
};

/// The longest form.
const LIMIT: BodyLimit = BodyLimit { bytes: 16 * 1024, ..ORDINARY };

/// A request for a token.
pub enum TokenRequest {
    /// JSON, or what is refused as none.
    Json(Body),
    /// A form: its parameters in their order.
    Form(Vec<(String, String)>),
}

impl FromRequest for TokenRequest {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !media_type::is(request, "application/x-www-form-urlencoded") {
            let body = Body::from_request(request, payload);
            return Box::pin(async move { Ok(Self::Json(body.await?)) });
        }
        let (head, connection, payload) = (Head::of(request), connection(request), payload.take());
        Box::pin(async move {
            head.check(LIMIT.bytes)?;
            let _receiving = connection.as_ref().map(Connection::receiving);
            let bytes = read(payload, &LIMIT).await?;
            Ok(Self::Form(url::form_urlencoded::parse(&bytes).into_owned().collect()))
        })
    }
}
