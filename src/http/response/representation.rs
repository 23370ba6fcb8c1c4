//! The answer to a GET: JSON with an entity tag (RFC 9110 §8.8.3), 304 for a caller who has it already
//! (§13.1.2), and compressed for a caller who accepts gzip where it is long.
//!
//! Only lists and documents are compressed. An answer that has a token or follows one never is: its length
//! would tell of its content (BREACH, <https://breachattack.com/>).

use std::sync::OnceLock;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{CONTENT_ENCODING, ETAG, EntityTag, Header, HeaderValue, IfNoneMatch, VARY},
    },
    web::Bytes,
};
use chrono::{DateTime, Utc};
use flate2::Compression;
use serde::Serialize;

use super::{
    compression::{ACCEPTED_ENCODING, accepts_gzip, gzip},
    digest::digest,
    error_codes,
    problem::Problem,
    views::{InvitationView, UserView},
};
use crate::{
    domain::{invitation::Invitation, user::User},
    http::extract::etag,
};

/// A shorter body gains nothing by compression.
const SHORTEST_COMPRESSED: usize = 1024;
/// What a compressed answer's tag ends in: it is another representation (RFC 9110 §8.8.3.3).
const GZIP_SUFFIX: &str = "-gzip";

/// One object.
///
/// # Errors
/// Only when it cannot be serialised, which its types rule out.
pub fn object(request: &HttpRequest, view: &impl Serialize) -> Result<HttpResponse, Problem> {
    let body = json(view)?;
    let tag = digest(&body);
    Ok(tagged(request, in_json(HttpResponse::Ok()), &tag, || body.into()))
}

/// An invitation, with the tag that its other answers have, too.
///
/// # Errors
/// As [`object`].
pub fn invitation(
    request: &HttpRequest,
    invitation: &Invitation,
    now: DateTime<Utc>,
) -> Result<HttpResponse, Problem> {
    let body = json(&InvitationView::of(invitation, now))?;
    let tag = etag::of(invitation, &body);
    Ok(tagged(request, in_json(HttpResponse::Ok()), &tag, || body.into()))
}

/// An invitation that this request has changed. `If-None-Match` is for GET.
///
/// # Errors
/// As [`object`].
pub fn changed_invitation(invitation: &Invitation, now: DateTime<Utc>) -> Result<HttpResponse, Problem> {
    let body = json(&InvitationView::of(invitation, now))?;
    let tag = etag::quoted(&etag::of(invitation, &body));
    Ok(in_json(HttpResponse::Ok()).insert_header((ETAG, tag)).body(body))
}

/// The tag of a user, as their GET has it.
pub fn tag_of_user(user: &User) -> String {
    json(&UserView::from(user)).map(|body| digest(&body)).unwrap_or_default()
}

/// A user whom this request has changed, with the tag that their GET has.
///
/// # Errors
/// As [`object`].
pub fn changed_user(user: &User) -> Result<HttpResponse, Problem> {
    let body = json(&UserView::from(user))?;
    let tag = etag::quoted(&digest(&body));
    Ok(in_json(HttpResponse::Ok()).insert_header((ETAG, tag)).body(body))
}

/// A list in JSON, for any number of answers.
pub struct Representation {
    body: Bytes,
    tag: String,
    /// Made for the first caller who accepts it.
    gzip: OnceLock<Bytes>,
}

impl Representation {
    /// That of a view.
    ///
    /// # Errors
    /// As [`object`].
    pub fn of(view: &impl Serialize) -> Result<Self, Problem> {
        let body = json(view)?;
        Ok(Self { tag: digest(&body), body: body.into(), gzip: OnceLock::new() })
    }
}

/// A list, to which `response` has the other headers. Long ones are compressed.
pub fn list(request: &HttpRequest, response: HttpResponseBuilder, list: &Representation) -> HttpResponse {
    let mut response = in_json(response);
    response.insert_header((VARY, ACCEPTED_ENCODING));
    let Representation { body, tag, gzip: compressed } = list;
    if body.len() < SHORTEST_COMPRESSED || !accepts_gzip(request) {
        return tagged(request, response, tag, || body.clone());
    }
    // In memory, so that the answer has a length: `chunked` is nothing to a client of HTTP/1.0.
    tagged_gzip(request, response, tag, || compressed.get_or_init(|| gzip(body, Compression::fast())).clone())
}

/// The answer with another representation, which has a tag of its own (RFC 9110 §8.8.3.3).
pub(super) fn tagged_gzip(
    request: &HttpRequest,
    response: HttpResponseBuilder,
    tag: &str,
    body: impl FnOnce() -> Bytes,
) -> HttpResponse {
    let mut response = tagged(request, response, &format!("{tag}{GZIP_SUFFIX}"), body);
    if response.status() == StatusCode::OK {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Whether the caller has the representation with this tag, by `If-None-Match`.
fn is_known(request: &HttpRequest, tag: &str) -> bool {
    let tag = EntityTag::new_strong(tag.to_owned());
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        // Weak tags too: a proxy that compresses an answer weakens its tag.
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    }
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

/// The answer with this tag, or 304 for a caller who has it.
pub(super) fn tagged(
    request: &HttpRequest,
    mut response: HttpResponseBuilder,
    tag: &str,
    body: impl FnOnce() -> Bytes,
) -> HttpResponse {
    response.insert_header((ETAG, etag::quoted(tag)));
    if is_known(request, tag) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.body(body())
}
