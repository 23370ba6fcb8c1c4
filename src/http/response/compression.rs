//! Compressed bodies, for callers who accept gzip.

use std::io::Write;

use actix_http::encoding::Encoder;
use actix_web::{
    HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    http::header::{AcceptEncoding, ContentEncoding, Encoding, Header, HeaderValue, VARY},
    web::Bytes,
};
use flate2::{Compression, write::GzEncoder};

/// What the answers of a route that compresses vary by.
pub(super) const ACCEPTED_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// Whether the caller prefers gzip to an answer as it is.
pub(super) fn accepts_gzip(request: &HttpRequest) -> bool {
    let supported = [Encoding::gzip(), Encoding::identity()];
    AcceptEncoding::parse(request)
        .is_ok_and(|accepted| accepted.negotiate(supported.iter()) == Some(Encoding::gzip()))
}

/// The whole of a text, compressed.
pub(super) fn gzip(text: &[u8], level: Compression) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    // Into memory: it cannot fail.
    let _ = encoder.write_all(text);
    encoder.finish().unwrap_or_default().into()
}

/// A body that is sent as it is produced, compressed for a caller who accepts gzip.
pub fn stream(request: &HttpRequest, mut response: HttpResponse) -> HttpResponse {
    if accepts_gzip(request) {
        response = response
            .map_body(|head, body| Encoder::response(ContentEncoding::Gzip, head, body).boxed() as BoxBody);
    }
    // Said once, whatever the encoder adds.
    response.headers_mut().insert(VARY, ACCEPTED_ENCODING);
    response
}
