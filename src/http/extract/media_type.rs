//! The media type in `Content-Type`.

use actix_web::{HttpRequest, http::header::CONTENT_TYPE};

/// Whether the body is said to be of this media type: in any case, whatever its parameters, with blanks
/// before them (RFC 9110 §8.3.1). Not parsed by `mime`, which refuses such blanks
/// (findings/mime-blank-before-semicolon.sh).
pub(in crate::http) fn is(request: &HttpRequest, known: &str) -> bool {
    let value = request.headers().get(CONTENT_TYPE);
    let kind = value.and_then(|value| value.as_bytes().split(|byte| *byte == b';').next());
    kind.is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(known.as_bytes()))
}
