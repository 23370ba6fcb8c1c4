//! What a page's form sends, or the status that says why it cannot be read.

use actix_web::{
    Error, FromRequest, HttpRequest, dev::Payload, error::UrlencodedError, http::StatusCode, web::Form,
};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::super::{
    extract::{body_limit::ORDINARY, json_body::Head},
    server::connections::{Connection, connection},
};

/// The longest form, as actix has it.
const MAX_FORM_BYTES: usize = 16 * 1024;

/// A form, for a handler that answers with a page whatever was sent.
pub struct FormBody<T>(pub Result<T, StatusCode>);

impl<T: DeserializeOwned + 'static> FromRequest for FormBody<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if let Err(problem) = Head::of(request).check(MAX_FORM_BYTES) {
            let status = problem.code.status;
            return Box::pin(async move {
                Ok(Self(Err(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST))))
            });
        }
        let form = Form::<T>::from_request(request, payload);
        let connection = connection(request);
        Box::pin(async move {
            let _receiving = connection.as_ref().map(Connection::receiving);
            let form = match actix_web::rt::time::timeout(ORDINARY.time, form).await {
                Ok(form) => form.map(Form::into_inner).map_err(|error| status(&error)),
                Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
            };
            Ok(Self(form))
        })
    }
}

fn status(error: &Error) -> StatusCode {
    match error.as_error::<UrlencodedError>() {
        Some(UrlencodedError::Overflow { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
        Some(UrlencodedError::ContentType) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        _ => StatusCode::BAD_REQUEST,
    }
}
