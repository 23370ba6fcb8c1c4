//! The headers of answers: each described once, and named where it comes.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::{
    Header, HeaderBuilder, Object, Ref, RefOr, Response,
    schema::{SchemaType, Type},
};

use super::super::middleware::rate_limit::policy::policy;

/// Name, type, what it says, an example.
type Row = (&'static str, Type, &'static str, Value);

fn rows() -> [Row; 11] {
    [
        (
            "X-Request-Id",
            Type::String,
            "The caller's, when it is 1 to 128 of `A–Z a–z 0–9 . _ -`, else a new one. Name it to operations.",
            json!("req_01m86xvxh0f4xsjrspgpayc2qn"),
        ),
        ("Cache-Control", Type::String, "The answer is for its caller alone.", json!("no-store")),
        (
            "Retry-After",
            Type::Integer,
            "So many seconds to wait before the same request may do better.",
            json!(2),
        ),
        (
            "RateLimit-Policy",
            Type::String,
            "How many requests (`q`) an address may make in so many seconds (`w`), as IETF draft-ietf-httpapi-ratelimit-headers-10 \
             has it: `public`, `sign-in` or `mail-events`. A /64 of IPv6 is one address, and a /48 has four times as many. On routes \
             that send letters, how many letters may be asked for in 24 hours: to one `mailbox`, by the owners of an `account`, by \
             one `caller`. Absent when limits are switched off.",
            json!("\"public\";q=300;w=60"),
        ),
        (
            "RateLimit",
            Type::String,
            "How many remain (`r`), and in how many seconds (`t`) all of them do again. Of letters, those that this request was counted \
             against; where it was not, what a mailbox has that was not written to. Absent when limits are switched off.",
            json!("\"public\";r=299;t=1"),
        ),
        ("WWW-Authenticate", Type::String, "How to authenticate (RFC 6750).", json!("Bearer")),
        (
            "Location",
            Type::String,
            "Where the invitation is.",
            json!("/v1/invitations/inv_01m86xvxh0e3pt0yekqqme4qcm"),
        ),
        (
            "ETag",
            Type::String,
            "The state of the invitation, as far as PATCH can change it: a strong entity tag for its `If-Match`.",
            json!("\"7b1c0a4de2f95386b0d4a1f7c3e86a52\""),
        ),
        (
            "Link",
            Type::String,
            "The next page (RFC 8288), relative to this one; absent on the last page.",
            json!("</v1/users?limit=50&cursor=WmCz7Pu0>; rel=\"next\""),
        ),
        (
            "Idempotency-Replayed",
            Type::String,
            "`true` when this answer was given before, to the same key.",
            json!("true"),
        ),
        (
            "Content-Disposition",
            Type::String,
            "With CSV: a name for the file.",
            json!("attachment; filename=\"users.csv\""),
        ),
    ]
}

/// All of them, for reference.
pub(super) fn components() -> BTreeMap<String, RefOr<Header>> {
    let header = |(name, kind, description, example): Row| {
        let schema = Object::with_type(SchemaType::Type(kind));
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(description))
            .example(Some(example))
            .build();
        (name.to_owned(), RefOr::T(header))
    };
    rows().into_iter().map(header).collect()
}

/// Names the headers that an answer of this status comes with. What a handler declares itself is named with
/// them.
pub(super) fn name(path: &str, letters: bool, status: &str, response: &mut Response) {
    let private = path.starts_with("/v1/") || path.starts_with("/activate");
    let names = [
        ("X-Request-Id", true),
        ("Cache-Control", private),
        ("Retry-After", matches!(status, "429" | "503")),
        ("RateLimit-Policy", letters || policy(path).is_some()),
        ("RateLimit", letters || policy(path).is_some()),
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
