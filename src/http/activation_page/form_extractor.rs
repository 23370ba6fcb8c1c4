//! What a page's form sends, or the status that says why it cannot be read.

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload, http::StatusCode, web::Query};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::super::{
    extract::{
        body_limit::{BodyLimit, ORDINARY},
        json_body::{Head, read},
        media_type,
    },
    response::problem::Problem,
    server::connections::{Connection, connection},
};

/// The longest form.
const LIMIT: BodyLimit = BodyLimit { bytes: 16 * 1024, ..ORDINARY };

/// A form, for a handler that answers with a page whatever was sent.
pub struct FormBody<T>(pub Result<T, StatusCode>);

impl<T: DeserializeOwned + 'static> FromRequest for FormBody<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let head = Head::of(request).check(LIMIT.bytes).map_err(|problem| status(&problem));
        let is_form = media_type::is(request, "application/x-www-form-urlencoded");
        let (connection, payload) = (connection(request), payload.take());
        Box::pin(async move {
            let form = async {
                head?;
                if !is_form {
                    return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
                }
                let _receiving = connection.as_ref().map(Connection::receiving);
                let bytes = read(payload, &LIMIT).await.map_err(|problem| status(&problem))?;
                // As a query is written. Parameters of the media type have no meaning, and a form is in UTF-8
                // (WHATWG URL §5).
                let form = Query::from_query(&String::from_utf8_lossy(&bytes));
                form.map(Query::into_inner).map_err(|_| StatusCode::BAD_REQUEST)
            };
            Ok(Self(form.await))
        })
    }
}

fn status(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.code.status).unwrap_or(StatusCode::BAD_REQUEST)
}
