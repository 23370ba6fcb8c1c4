//! Request bodies in JSON, read whole.

use std::sync::Arc;

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::{
        Method,
        header::{self, HeaderName},
    },
    web::{Buf, Bytes, BytesMut},
};
use futures_util::{Stream, StreamExt, future::LocalBoxFuture};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    body_limit::{BodyLimit, ORDINARY},
    idempotency_key, json_fingerprint, media_type,
    members::{self, Members, Request},
    strict_json,
};
use crate::domain::field_error::{Faults, FieldError};
use crate::http::{
    response::{error_codes, problem::Problem},
    server::connections::{Connection, connection},
};

/// The body of a request, as it arrived. Faults are reported when it is parsed, so that an `Idempotency-Key`
/// stores that error as any other.
pub struct Body {
    /// The members, or what was sent instead of an object.
    members: Result<Sent, Problem>,
    /// A fingerprint: equal bodies have the same one.
    digest: [u8; 32],
    /// Members that it has twice.
    faults: Faults,
}

/// What was sent.
enum Sent {
    Nothing,
    /// `null`, which counts as no body where a body may be left out.
    Null,
    Object(Map<String, Value>),
}

impl Sent {
    fn required(self) -> Result<Map<String, Value>, Problem> {
        match self {
            Self::Object(members) => Ok(members),
            Self::Null => Err(no_object()),
            Self::Nothing => Err(empty()),
        }
    }

    fn optional(self) -> Map<String, Value> {
        match self {
            Self::Object(members) => members,
            Self::Null | Self::Nothing => Map::new(),
        }
    }
}

/// The body of a request without members: no body, or an empty object.
#[derive(ToSchema)]
pub struct EmptyRequest {}

impl Body {
    /// The request.
    ///
    /// # Errors
    /// 400 for an empty body and for one that is not JSON, 422 with every faulty member.
    pub fn parse<R: Request>(self) -> Result<R, Problem> {
        self.parse_with(R::read)
    }

    /// The request, as `read` reads its members.
    ///
    /// # Errors
    /// As [`Body::parse`].
    pub fn parse_with<R>(self, read: impl FnOnce(&mut Members) -> Option<R>) -> Result<R, Problem> {
        let members = self.members?.required()?;
        members::read(members, self.faults, read).map_err(|faults| Problem::body(&faults))
    }

    /// The request, whose members and body may be left out.
    ///
    /// # Errors
    /// 422 with every faulty member.
    pub fn parse_if_any<R: Request>(self) -> Result<R, Problem> {
        members::request(self.members?.optional(), self.faults).map_err(|faults| Problem::body(&faults))
    }

    /// For requests without members: no body, or an empty object.
    ///
    /// # Errors
    /// 400 when it is not JSON, 422 when it has members.
    pub fn expect_none(self) -> Result<(), Problem> {
        let faults = Members::new(self.members?.optional(), self.faults).finish();
        if faults.is_empty() { Ok(()) } else { Err(Problem::body(&faults)) }
    }
}

impl Body {
    /// A fingerprint: equal bodies have the same one.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

/// The error for a missing body.
pub(in crate::http) fn empty() -> Problem {
    Problem::new(error_codes::MALFORMED_JSON, "The body is empty.")
}

impl FromRequest for Body {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (head, payload) = (Head::of(request), payload.take());
        Box::pin(async move {
            head.check(ORDINARY.bytes)?;
            let bytes = head.read(payload, &ORDINARY).await?;
            let digest = head.fingerprint(&bytes);
            let (members, faults) = match strict_json::parse(&bytes) {
                _ if bytes.is_empty() => (Ok(Sent::Nothing), Faults::default()),
                Ok((Value::Object(members), faults)) => (Ok(Sent::Object(members)), faults),
                Ok((Value::Null, _)) => (Ok(Sent::Null), Faults::default()),
                Ok(_) => (Err(no_object()), Faults::default()),
                Err(error) => (Err(no_json(&error)), Faults::default()),
            };
            Ok(Self { members, digest, faults })
        })
    }
}

/// The error for a body that is not an object.
pub(in crate::http) fn no_object() -> Problem {
    Problem::body(&[FieldError::new("", "wrong_type", "The body must be a JSON object.")].into())
}

/// The error for a body that is not JSON.
pub(in crate::http) fn no_json(why: &impl std::fmt::Display) -> Problem {
    Problem::new(error_codes::MALFORMED_JSON, format!("The body is not JSON: {why}."))
}

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
/// The contract lists the first alone. See findings/openapi-python-client-two-media-types.sh.
const PATCHES: &str = "application/json, application/merge-patch+json";

/// What the headers say about a body, before it is read.
#[expect(clippy::struct_excessive_bools, reason = "each is about a header of its own")]
pub(in crate::http) struct Head {
    json: bool,
    /// The media types that are taken, in the words of a refusal.
    types: &'static [&'static str],
    keyed: bool,
    patch: bool,
    encoded: bool,
    pub(in crate::http) length: Option<u64>,
    connection: Option<Arc<Connection>>,
}

impl Head {
    pub(in crate::http) fn of(request: &HttpRequest) -> Self {
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let patch = request.method() == Method::PATCH;
        Self {
            json: media_type::is(request, "application/json")
                || (patch && media_type::is(request, "application/merge-patch+json")),
            types: &["application/json"],
            keyed: request.headers().contains_key(idempotency_key::KEY),
            patch,
            encoded: request
                .headers()
                .get_all(header::CONTENT_ENCODING)
                .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")),
            length: text(header::CONTENT_LENGTH).and_then(|value| value.parse().ok()),
            connection: connection(request),
        }
    }

    /// The same where JSON comes under these media types.
    pub(in crate::http) fn with_types(self, request: &HttpRequest, types: &'static [&'static str]) -> Self {
        Self { json: types.iter().any(|known| media_type::is(request, known)), types, ..self }
    }

    /// Refuses a body by its headers.
    ///
    /// # Errors
    /// 413 when its announced length is too large, 415 when it is compressed.
    pub(in crate::http) fn check(&self, limit: usize) -> Result<(), Problem> {
        if self.length.is_some_and(|length| length > limit as u64) {
            return Err(too_large(limit));
        }
        if self.encoded {
            // RFC 9110 §15.5.16: what would be accepted instead.
            let refused = Problem::new(
                error_codes::UNSUPPORTED_MEDIA_TYPE,
                "Send the body without a Content-Encoding.",
            );
            return Err(refused.header(header::ACCEPT_ENCODING, "identity"));
        }
        Ok(())
    }

    /// Reads the whole body: JSON, or no bytes.
    ///
    /// # Errors
    /// 413; 408; 400 when it breaks off; 415 when its type is not JSON.
    pub(in crate::http) async fn read(
        &self,
        payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
        limit: &BodyLimit,
    ) -> Result<BytesMut, Problem> {
        let mut bytes = self.read_any(payload, limit).await?;
        // A byte order mark has no meaning in UTF-8, and RFC 8259 §8.1 lets it be ignored.
        if bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.advance(BYTE_ORDER_MARK.len());
        }
        if !bytes.is_empty() && !self.json {
            let wanted = format!("Send Content-Type: {}.", self.types.join(" or "));
            let refused = Problem::new(error_codes::UNSUPPORTED_MEDIA_TYPE, wanted);
            // RFC 5789 §2.2: what would be accepted instead.
            return Err(if self.patch { refused.header(ACCEPT_PATCH, PATCHES) } else { refused });
        }
        Ok(bytes)
    }

    /// Reads the whole body, of any type.
    ///
    /// # Errors
    /// 413; 408; 400 when it breaks off.
    pub(in crate::http) async fn read_any(
        &self,
        payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
        limit: &BodyLimit,
    ) -> Result<BytesMut, Problem> {
        // While its body has not arrived, a connection is among the first that are closed to make room.
        let receiving = self.connection.as_ref().map(Connection::receiving);
        let bytes = read(payload, limit).await?;
        drop(receiving);
        Ok(bytes)
    }
}

impl Head {
    /// The fingerprint of the body, which an `Idempotency-Key` is stored with; zeros where there is no key.
    pub(in crate::http) fn fingerprint(&self, body: &[u8]) -> [u8; 32] {
        if self.keyed { json_fingerprint::of(body) } else { [0; 32] }
    }
}

/// U+FEFF in UTF-8.
pub(in crate::http) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn too_large(limit: usize) -> Problem {
    Problem::new(error_codes::PAYLOAD_TOO_LARGE, format!("A body has at most {limit} bytes."))
}

/// The whole body, within a time: a caller who sends a byte a minute would hold the connection.
///
/// # Errors
/// 413; 408; 400 when it breaks off.
pub(in crate::http) async fn read(
    mut payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    limit: &BodyLimit,
) -> Result<BytesMut, Problem> {
    let whole = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk
                .map_err(|_| Problem::new(error_codes::MALFORMED_JSON, "The body did not arrive whole."))?;
            if bytes.len() + chunk.len() > limit.bytes {
                return Err(too_large(limit.bytes));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    actix_web::rt::time::timeout(limit.time, whole).await.unwrap_or_else(|_| Err(late(limit)))
}

/// The body did not arrive in time.
fn late(limit: &BodyLimit) -> Problem {
    let detail = format!("The body did not arrive within {} seconds.", limit.time.as_secs());
    Problem::new(error_codes::REQUEST_TIMEOUT, detail)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use futures_util::stream;

    #[actix_web::test]
    async fn waits_for_a_body_only_so_long() {
        let chunk = || Ok(Bytes::from_static(b"{"));
        let soon = BodyLimit { time: Duration::from_millis(20), ..ORDINARY };
        assert_eq!(read(stream::iter([chunk(), chunk()]), &soon).await.unwrap(), "{{");
        let stalled = stream::iter([chunk()]).chain(stream::pending());
        assert_eq!(read(stalled, &soon).await.unwrap_err().code.code, "request_timeout");
        let endless = stream::iter(std::iter::repeat_with(|| Ok(Bytes::from(vec![b' '; 5000]))));
        assert_eq!(read(endless, &ORDINARY).await.unwrap_err().code.code, "payload_too_large");
    }
}
