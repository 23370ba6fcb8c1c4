//! The headers of answers: described once, and referred to by operations.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::{
    Header, HeaderBuilder, Object, Ref, RefOr, Response,
    schema::{SchemaType, Type},
};

use super::super::middleware::rate_limit::policy::policy;

/// The value of an example; its type is that of the header.
enum Example {
    Text(&'static str),
    Number(u32),
}

/// Name, description, example.
type Row = (&'static str, &'static str, Example);

const ROWS: [Row; 13] = [
    (
        "X-Request-Id",
        "The id of the request: the caller's, when it is 1 to 128 of `A–Z a–z 0–9 . _ -`, else a new one. \
        Operations find the request by it.",
        Example::Text("req_01m86xvxh0f4xsjrspgpayc2qn"),
    ),
    ("Cache-Control", "The answer must not be stored in caches.", Example::Text("no-store")),
    (
        "Pragma",
        "The answer has tokens and must not be stored, in caches of HTTP/1.0 either (RFC 6749 §5.1).",
        Example::Text("no-cache"),
    ),
    ("Retry-After", "Seconds to wait before the request is repeated.", Example::Number(2)),
    (
        "RateLimit-Policy",
        "How many requests (`q`) may be made in so many seconds (`w`), as IETF \
        draft-ietf-httpapi-ratelimit-headers-10 has it. Without an access token, by an address: `public`, \
        `sign-in` or `mail-events`; a /64 of IPv6 is one address, and a /48 has four times as many. With \
        one, by a caller, whatever the token: to `read` one object, to `list`, to `write`, in `bulk`, for \
        `webhooks`. On routes that send letters, also how many letters may be asked for in 24 hours: to one \
        `mailbox`, by the owners of an `account`, by one `caller`. Absent when limits are switched off.",
        Example::Text("\"public\";q=300;w=60"),
    ),
    (
        "RateLimit",
        "How many remain (`r`), and after how many seconds (`t`) the whole number is available again. Of \
        letters, those that this request was counted against; where it was counted against none, those of a \
        mailbox without letters. Absent when limits are switched off.",
        Example::Text("\"public\";r=299;t=1"),
    ),
    ("WWW-Authenticate", "How to authenticate (RFC 6750).", Example::Text("Bearer")),
    (
        "Location",
        "The path of what was made.",
        Example::Text("/v1/invitations/inv_01m86xvxh0e3pt0yekqqme4qcm"),
    ),
    (
        "ETag",
        "The state of what is answered: a strong entity tag, for `If-None-Match`. An invitation's begins \
        with what PATCH can change, and only that part, up to a dot, counts for `If-Match`.",
        Example::Text("\"7b1c0a4de2f95386b0d4a1f7c3e86a52\""),
    ),
    (
        "Link",
        "The next page (RFC 8288), relative to this one; absent on the last page.",
        Example::Text("</v1/users?limit=50&cursor=WmCz7Pu0>; rel=\"next\""),
    ),
    (
        "Set-Cookie",
        "The refresh token, where it was asked for as a cookie, or an empty one that removes it.",
        Example::Text("__Host-refresh=AZ2u8vkB…; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=604800"),
    ),
    ("Idempotency-Replayed", "`true` in the answer to a retry with the same key.", Example::Text("true")),
    (
        "Content-Disposition",
        "With CSV and an export: the name of the file.",
        Example::Text("attachment; filename=\"users.csv\""),
    ),
];

/// The components.
pub(super) fn components() -> BTreeMap<String, RefOr<Header>> {
    ROWS.iter().map(|row| (row.0.to_owned(), RefOr::T(header(row)))).collect()
}

fn header((_, description, example): &Row) -> Header {
    let (kind, example) = match example {
        Example::Text(text) => (Type::String, json!(text)),
        Example::Number(number) => (Type::Integer, json!(number)),
    };
    HeaderBuilder::new()
        .schema(Some(Object::with_type(SchemaType::Type(kind))))
        .description(Some(*description))
        .example(Some(example))
        .build()
}

/// Lists the headers of an answer of this status, beside those that its handler declares.
pub(super) fn name(path: &str, limited: bool, status: &str, response: &mut Response) {
    let private = path.starts_with("/v1/");
    let names = [
        ("X-Request-Id", true),
        ("Cache-Control", private),
        ("Retry-After", matches!(status, "429" | "503")),
        ("RateLimit-Policy", limited && status != "401" || policy(path).is_some()),
        ("RateLimit", limited && status != "401" || policy(path).is_some()),
        ("WWW-Authenticate", status == "401"),
        // The present state, so that the change can be made anew.
        ("ETag", status == "412"),
    ];
    let common = names.into_iter().filter(|(_, comes)| *comes).map(|(name, _)| name.to_owned());
    let declared = response.headers.keys().cloned();
    let all: Vec<String> = common.chain(declared).collect();
    response.headers = all
        .into_iter()
        .map(|name| {
            let place = Ref::new(format!("#/components/headers/{name}"));
            (name, RefOr::Ref(place))
        })
        .collect();
}
