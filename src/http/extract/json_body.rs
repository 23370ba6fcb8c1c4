//! Request bodies: read whole, then member by member, so that every fault is told at once.

use std::{sync::Arc, time::Duration};

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

use super::{idempotency_key, json_fingerprint, strict_json};
use crate::domain::{
    account::AccountName,
    closed_set::UnknownValue,
    field_error::{Faults, FieldError},
    invitation::DeliveryMethod,
};
use crate::http::{
    response::{error_codes, problem::Problem},
    server::{self, Connection},
};

/// How much a body may be.
pub(in crate::http) struct Allowance {
    /// So many bytes.
    pub(in crate::http) bytes: usize,
    /// So long on its way.
    pub(in crate::http) time: Duration,
}

/// What an ordinary request may send.
pub(in crate::http) const ORDINARY: Allowance = Allowance { bytes: 64 * 1024, time: Duration::from_secs(15) };

/// The body of a request, as it arrived. What it is no good for is said when it is parsed, so that an `Idempotency-Key` keeps that
/// refusal as any other.
pub struct Body {
    /// A JSON object, or what stands for none.
    members: Result<Sent, Problem>,
    /// What tells two bodies apart.
    digest: [u8; 32],
    /// Members that it names twice.
    faults: Faults,
}

/// What was sent.
enum Sent {
    Nothing,
    /// `null`, which is nothing where a body may be left out.
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

/// The body of a request that says everything in its path: none, or an object without members.
#[derive(ToSchema)]
pub struct EmptyRequest {}

/// Turns the members of a body into a request.
pub trait Request: Sized {
    /// Reads all members; `None` when one that is needed is missing or faulty, which `members` then knows.
    fn read(members: &mut Members) -> Option<Self>;
}

impl Body {
    /// The request.
    ///
    /// # Errors
    /// 400 for what is no JSON and for an empty body, 422 with every faulty member.
    pub fn parse<R: Request>(self) -> Result<R, Problem> {
        request(self.members?.required()?, self.faults).map_err(|faults| Problem::body(&faults))
    }

    /// The request, of which all may be left out, the body too.
    ///
    /// # Errors
    /// 422 with every faulty member.
    pub fn parse_if_any<R: Request>(self) -> Result<R, Problem> {
        request(self.members?.optional(), self.faults).map_err(|faults| Problem::body(&faults))
    }

    /// For requests that say everything in their path: no body, or an empty object.
    ///
    /// # Errors
    /// 400 for what is no JSON, 422 when there are members.
    pub fn expect_none(self) -> Result<(), Problem> {
        let faults = Members::new(self.members?.optional(), self.faults).finish();
        if faults.is_empty() { Ok(()) } else { Err(Problem::body(&faults)) }
    }
}

impl Body {
    /// What tells two bodies apart.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

/// The request that an object is, beside what is known to be faulty in it.
///
/// # Errors
/// What is faulty.
pub(in crate::http) fn request<R: Request>(members: Map<String, Value>, faults: Faults) -> Result<R, Faults> {
    let mut members = Members::new(members, faults);
    let request = R::read(&mut members);
    match (request, members.finish()) {
        (Some(request), faults) if faults.is_empty() => Ok(request),
        (_, faults) => Err(faults),
    }
}

/// There is no body where one is needed.
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

/// The body is something else than an object.
pub(in crate::http) fn no_object() -> Problem {
    Problem::body(&[FieldError::new("", "wrong_type", "The body must be a JSON object.")].into())
}

/// The body is no JSON.
pub(in crate::http) fn no_json(why: &impl std::fmt::Display) -> Problem {
    Problem::new(error_codes::MALFORMED_JSON, format!("The body is not JSON: {why}."))
}

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
const PATCHES: &str = "application/json, application/merge-patch+json";

/// What the headers say of a body, before any of it is read.
#[expect(clippy::struct_excessive_bools, reason = "each tells of a header of its own")]
pub(in crate::http) struct Head {
    json: bool,
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
        let is_json = |kind: &str| {
            let is = |known: &str| kind.eq_ignore_ascii_case(known);
            is("application/json") || (patch && is("application/merge-patch+json"))
        };
        Self {
            // Without its parameters, before which there may be blanks (RFC 9110 §8.3.1).
            json: text(header::CONTENT_TYPE).and_then(|value| value.split(';').next()).is_some_and(|kind| is_json(kind.trim())),
            keyed: request.headers().contains_key(idempotency_key::KEY),
            patch,
            encoded: request
                .headers()
                .get_all(header::CONTENT_ENCODING)
                .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")),
            length: text(header::CONTENT_LENGTH).and_then(|value| value.parse().ok()),
            connection: server::connection(request),
        }
    }

    /// Whether it is worth reading.
    ///
    /// # Errors
    /// 413 when more is announced than is read, 415 for a compressed one.
    pub(in crate::http) fn check(&self, limit: usize) -> Result<(), Problem> {
        if self.length.is_some_and(|length| length > limit as u64) {
            return Err(too_large(limit));
        }
        if self.encoded {
            // RFC 9110 §15.5.16: what would be accepted instead.
            let refused = Problem::new(error_codes::UNSUPPORTED_MEDIA_TYPE, "Send the body without a Content-Encoding.");
            return Err(refused.header(header::ACCEPT_ENCODING, "identity"));
        }
        Ok(())
    }

    /// The whole body: JSON, or nothing at all.
    ///
    /// # Errors
    /// 413, 408, 400 when it breaks off, 415 for what is not called JSON.
    pub(in crate::http) async fn read(
        &self,
        payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
        allowance: &Allowance,
    ) -> Result<BytesMut, Problem> {
        // Whoever holds connections by bodies that do not come loses them first.
        let receiving = self.connection.as_ref().map(Connection::receiving);
        let mut bytes = read(payload, allowance).await?;
        drop(receiving);
        // A byte order mark says nothing of UTF-8, and whoever writes one means no harm (RFC 8259 §8.1 lets it be ignored).
        if bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.advance(BYTE_ORDER_MARK.len());
        }
        if !bytes.is_empty() && !self.json {
            let refused = Problem::new(error_codes::UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json.");
            // RFC 5789 §2.2: what would be accepted instead.
            return Err(if self.patch { refused.header(ACCEPT_PATCH, PATCHES) } else { refused });
        }
        Ok(bytes)
    }
}

impl Head {
    /// What tells the body from another one that comes with the same `Idempotency-Key`; of no use where there is no key.
    pub(in crate::http) fn fingerprint(&self, body: &[u8]) -> [u8; 32] {
        if self.keyed { json_fingerprint::of(body) } else { [0; 32] }
    }
}

/// U+FEFF in UTF-8.
pub(in crate::http) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn too_large(limit: usize) -> Problem {
    Problem::new(error_codes::PAYLOAD_TOO_LARGE, format!("A body has at most {limit} bytes."))
}

/// The whole body. A caller who sends it a byte a minute holds a connection, and is let go.
async fn read(
    mut payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    allowance: &Allowance,
) -> Result<BytesMut, Problem> {
    let whole = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Problem::new(error_codes::MALFORMED_JSON, "The body did not arrive whole."))?;
            if bytes.len() + chunk.len() > allowance.bytes {
                return Err(too_large(allowance.bytes));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    actix_web::rt::time::timeout(allowance.time, whole).await.unwrap_or_else(|_| Err(late(allowance)))
}

/// The body did not arrive in time.
fn late(allowance: &Allowance) -> Problem {
    let detail = format!("The body did not arrive within {} seconds.", allowance.time.as_secs());
    Problem::new(error_codes::REQUEST_TIMEOUT, detail)
}

/// The members of an object: each is taken once, what is left at the end is unknown.
pub struct Members {
    left: Map<String, Value>,
    /// Where the object stands: a JSON Pointer, empty for the body itself.
    base: String,
    faults: Faults,
}

/// What is wrong with one member; the reader adds where it stands.
pub struct MemberError(pub &'static str, pub String);

impl Members {
    fn new(left: Map<String, Value>, faults: Faults) -> Self {
        Self { left, base: String::new(), faults }
    }

    /// A member that must be there.
    pub fn required<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Result<T, MemberError>) -> Option<T> {
        if matches!(self.left.get(name), None | Some(Value::Null)) {
            self.left.remove(name);
            self.fault(name, MemberError("required", "This is required.".to_owned()));
            return None;
        }
        self.optional(name, read)
    }

    /// A member that may be left out; `null` is the same as leaving it out.
    pub fn optional<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Result<T, MemberError>) -> Option<T> {
        let value = self.left.remove(name).filter(|value| !value.is_null())?;
        match read(value) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(name, fault);
                None
            }
        }
    }

    /// A list that must be there, each of its items read alone.
    pub fn list<T>(&mut self, name: &str, mut read: impl FnMut(Value) -> Result<T, MemberError>) -> Option<Vec<T>> {
        let items = self.required(name, |value| match value {
            Value::Array(items) => Ok(items),
            _ => Err(MemberError("wrong_type", "This must be a list.".to_owned())),
        })?;
        let (known, total) = (self.faults.count(), items.len());
        let mut read_items = Vec::with_capacity(total.min(1024));
        for (index, item) in items.into_iter().enumerate() {
            match read(item) {
                Ok(item) => read_items.push(item),
                Err(fault) => self.fault(&format!("{name}/{index}"), fault),
            }
        }
        (self.faults.count() == known).then_some(read_items)
    }

    /// Whether a member is there, whatever it holds; `null` is the same as leaving it out.
    pub fn contains_non_null(&mut self, name: &str) -> bool {
        if self.left.get(name).is_some_and(Value::is_null) {
            self.left.remove(name);
        }
        self.left.contains_key(name)
    }

    /// Leaves the rest unread: nobody knows what belongs there.
    pub fn ignore_rest(&mut self) {
        self.left.clear();
    }

    /// Whether a member is named, be it with `null`.
    pub fn contains_key(&self, name: &str) -> bool {
        self.left.contains_key(name)
    }

    /// Notes a fault.
    pub fn fault(&mut self, name: &str, MemberError(code, detail): MemberError) {
        self.faults.push(FieldError { path: format!("{}/{name}", self.base), code, detail });
    }

    /// A member that is an object of its own and may be left out. What could be read of it is given, faults or not, so that
    /// nobody takes for missing what was there.
    pub fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let left = self.optional(name, |value| match value {
            Value::Object(members) => Ok(members),
            _ => Err(MemberError("wrong_type", "This must be an object.".to_owned())),
        })?;
        let mut inner = Self { left, base: format!("{}/{name}", self.base), faults: Faults::default() };
        let value = read(&mut inner);
        self.faults.append(inner.finish());
        value
    }

    /// Of faults that somebody else found, with paths below this object, those about members that were not told as faulty.
    pub fn unknown_among(&self, found: Vec<FieldError>) -> Vec<FieldError> {
        let told = |path: &str| {
            let path = format!("{}{path}", self.base);
            self.faults.reported().iter().any(|fault| fault.path == path || path.starts_with(&format!("{}/", fault.path)))
        };
        found.into_iter().filter(|fault| !told(&fault.path)).collect()
    }

    /// Faults that somebody else found, with paths below this object.
    pub fn faults_below(&mut self, name: &str, faults: Vec<FieldError>) {
        let base = format!("{}/{name}", self.base);
        self.faults.extend(faults.into_iter().map(|fault| FieldError { path: format!("{base}{}", fault.path), ..fault }));
    }

    /// The faults so far, taken out: for a verb that tells them together with its own.
    pub fn take_faults(&mut self) -> Faults {
        let mut faults = std::mem::take(&mut self.faults);
        for (name, _) in std::mem::take(&mut self.left) {
            let words = "This member is not known here. Is it mistyped?";
            faults.push_with(|| FieldError::new(format!("{}/{}", self.base, strict_json::step(&name)), "unknown_member", words));
        }
        faults
    }

    fn finish(mut self) -> Faults {
        self.take_faults()
    }
}

/// A member that is a text.
pub fn text(value: Value) -> Result<String, MemberError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(MemberError("wrong_type", "This must be a text.".to_owned())),
    }
}

/// A member that is true or false.
pub fn boolean(value: &Value) -> Result<bool, MemberError> {
    value.as_bool().ok_or_else(|| MemberError("wrong_type", "This must be true or false.".to_owned()))
}

/// The way that a link goes; by letter when nothing is said.
pub fn way(members: &mut Members) -> DeliveryMethod {
    let parse = |name: &str| {
        let known = DeliveryMethod::ALL.into_iter().find(|way| way.as_str() == name);
        known.ok_or(UnknownValue { known: "email, link" })
    };
    members.optional("delivery", parsed("unknown_value", parse)).unwrap_or_default()
}

/// A member that is the name of an account.
pub fn account_name(value: Value) -> Result<AccountName, MemberError> {
    AccountName::parse(&text(value)?).map_err(|error| MemberError(error.code(), error.to_string()))
}

/// A member that is a text with a form of its own.
pub fn parsed<T, E: std::fmt::Display>(
    code: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> impl FnOnce(Value) -> Result<T, MemberError> {
    move |value| parse(&text(value)?).map_err(|error| MemberError(code, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    #[test]
    fn keeps_no_more_faults_than_it_tells() {
        let members = serde_json::json!({ "list": vec![1; 5000], "object": { "x": 1, "list": vec![1; 5000] } });
        let Value::Object(members) = members else { unreachable!() };
        let many = (0..5000).map(|number| (format!("m{number}"), Value::Null));
        let mut members = Members::new(members.into_iter().chain(many).collect(), Faults::default());
        members.list("list", text);
        members.object("object", |members| members.list("list", text));
        assert_eq!((members.faults.reported().len(), members.faults.count()), (Faults::MAX_REPORTED, 10_001));
        let all = members.finish();
        assert_eq!((all.reported().len(), all.count()), (Faults::MAX_REPORTED, 15_001));
        assert_eq!(all.reported()[99].path, "/list/99");
        let some = all.first(10);
        assert_eq!((some.reported().len(), some.count()), (10, 15_001));
    }

    #[actix_web::test]
    async fn waits_for_a_body_only_so_long() {
        let chunk = || Ok(Bytes::from_static(b"{"));
        let soon = Allowance { time: Duration::from_millis(20), ..ORDINARY };
        assert_eq!(read(stream::iter([chunk(), chunk()]), &soon).await.unwrap(), "{{");
        let stalled = stream::iter([chunk()]).chain(stream::pending());
        assert_eq!(read(stalled, &soon).await.unwrap_err().code.code, "request_timeout");
        let endless = stream::iter(std::iter::repeat_with(|| Ok(Bytes::from(vec![b' '; 5000]))));
        assert_eq!(read(endless, &ORDINARY).await.unwrap_err().code.code, "payload_too_large");
    }
}
