//! The answer to a GET: JSON with an entity tag (RFC 9110 §8.8.3), 304 for a caller who has it already
//! (§13.1.2), and compressed for a caller who accepts gzip where it is long.
//!
//! Only lists and documents are compressed. An answer that has a token or follows one never is: its length
//! would tell of its content (BREACH, <https://breachattack.com/>).

use std::{io::Write, sync::OnceLock};

use actix_http::encoding::Encoder;
use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    body::{BoxBody, MessageBody},
    http::{
        StatusCode,
        header::{
            AcceptEncoding, ContentEncoding, ETAG, Encoding, EntityTag, Header, HeaderValue, IfNoneMatch,
            VARY,
        },
    },
    web::Bytes,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{error_codes, problem::Problem};

/// A shorter body gains nothing by compression.
const SHORTEST_COMPRESSED: usize = 1024;
/// What the answers of a route that compresses vary by.
const ACCEPTED_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");
/// What a compressed answer's tag ends in: it is another representation (RFC 9110 §8.8.3.3).
const GZIP_SUFFIX: &str = "-gzip";

/// One object.
///
/// # Errors
/// Only when it cannot be serialised, which its types rule out.
pub fn object(request: &HttpRequest, view: &impl Serialize) -> Result<HttpResponse, Problem> {
    let body = json(view)?;
    Ok(tagged(request, in_json(HttpResponse::Ok()), &digest(&body), body))
}

/// One object that can be changed: its tag begins with its revision, as in its other answers.
///
/// # Errors
/// As [`object`].
pub fn object_of_revision(
    request: &HttpRequest,
    revision: &str,
    view: &impl Serialize,
) -> Result<HttpResponse, Problem> {
    let body = json(view)?;
    let tag = format!("{revision}.{}", digest(&body));
    Ok(tagged(request, in_json(HttpResponse::Ok()), &tag, body))
}

/// A list, to which `response` has the other headers. Long ones are compressed.
///
/// # Errors
/// As [`object`].
pub fn list(
    request: &HttpRequest,
    response: HttpResponseBuilder,
    view: &impl Serialize,
) -> Result<HttpResponse, Problem> {
    let body = json(view)?;
    let tag = digest(&body);
    let mut response = in_json(response);
    response.insert_header((VARY, ACCEPTED_ENCODING));
    if body.len() < SHORTEST_COMPRESSED || !accepts_gzip(request) {
        return Ok(tagged(request, response, &tag, body));
    }
    // In memory, so that the answer has a length: `chunked` is nothing to a client of HTTP/1.0.
    Ok(tagged_gzip(request, response, &tag, || gzip(&body, Compression::fast())))
}

/// A body that is sent as it is produced, compressed for a caller who accepts gzip.
pub fn stream(request: &HttpRequest, mut response: HttpResponse) -> HttpResponse {
    if accepts_gzip(request) {
        return compressed(response);
    }
    response.headers_mut().insert(VARY, ACCEPTED_ENCODING);
    response
}

/// A document that does not change while the process runs. It is compressed once, when it is first asked for.
pub struct Document {
    text: Bytes,
    tag: String,
    gzip: OnceLock<Bytes>,
}

impl Document {
    /// The document with this text.
    pub fn new(text: Bytes) -> Self {
        Self { tag: digest(&text), text, gzip: OnceLock::new() }
    }

    /// The answer; `response` has its type and the other headers.
    pub fn answer(&self, request: &HttpRequest, mut response: HttpResponseBuilder) -> HttpResponse {
        response.insert_header((VARY, ACCEPTED_ENCODING));
        if !accepts_gzip(request) {
            return tagged(request, response, &self.tag, self.text.clone());
        }
        let compressed = || self.gzip.get_or_init(|| gzip(&self.text, Compression::best())).clone();
        tagged_gzip(request, response, &self.tag, compressed)
    }

    /// Its tag, without quotation marks.
    pub fn tag(&self) -> &str {
        &self.tag
    }
}

/// The answer with another representation, which has a tag of its own.
fn tagged_gzip(
    request: &HttpRequest,
    mut response: HttpResponseBuilder,
    tag: &str,
    body: impl FnOnce() -> Bytes,
) -> HttpResponse {
    let tag = format!("{tag}{GZIP_SUFFIX}");
    if is_known(request, &tag) {
        return tagged(request, response, &tag, Bytes::new());
    }
    response.insert_header(ContentEncoding::Gzip);
    tagged(request, response, &tag, body())
}

fn gzip(text: &[u8], level: Compression) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    // Into memory: it cannot fail.
    let _ = encoder.write_all(text);
    encoder.finish().unwrap_or_default().into()
}

/// Whether the caller has the representation with this tag, by `If-None-Match`.
pub fn is_known(request: &HttpRequest, tag: &str) -> bool {
    let tag = EntityTag::new_strong(tag.to_owned());
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        // Weak tags too: a proxy that compresses an answer weakens its tag.
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    }
}

/// Whether the caller prefers gzip to an answer as it is.
pub fn accepts_gzip(request: &HttpRequest) -> bool {
    let supported = [Encoding::gzip(), Encoding::identity()];
    AcceptEncoding::parse(request)
        .is_ok_and(|accepted| accepted.negotiate(supported.iter()) == Some(Encoding::gzip()))
}

/// The tag of a body.
pub fn digest(body: &[u8]) -> String {
    // 128 bits: two states of an object never have the same.
    let digest: [u8; 32] = Sha256::digest(body).into();
    URL_SAFE_NO_PAD.encode(digest.first_chunk::<16>().unwrap_or(&[0; 16]))
}

fn in_json(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response.content_type("application/json");
    response
}

fn json(view: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(view).map_err(|error| {
        tracing::error!(%error, "an answer cannot be serialised");
        Problem::new(error_codes::INTERNAL, "The answer could not be written.")
    })
}

fn tagged(
    request: &HttpRequest,
    mut response: HttpResponseBuilder,
    tag: &str,
    body: impl Into<Bytes>,
) -> HttpResponse {
    response.insert_header((ETAG, format!("\"{tag}\"")));
    if is_known(request, tag) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.body(body.into())
}

fn compressed(response: HttpResponse) -> HttpResponse {
    let mut response = response
        .map_body(|head, body| Encoder::response(ContentEncoding::Gzip, head, body).boxed() as BoxBody);
    // Said once, whatever the encoder adds.
    response.headers_mut().insert(VARY, ACCEPTED_ENCODING);
    response
}
