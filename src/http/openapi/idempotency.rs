//! What an `Idempotency-Key` adds to an operation.

use utoipa::openapi::{
    Header, ObjectBuilder, RefOr,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
    schema::{SchemaType, Type},
};

use super::{
    super::response::error_codes,
    errors::{self, ListedError},
    security::is_public,
};

/// Adds the header and its errors to an authenticated POST that takes a body.
///
/// The routes of sessions and passwords have no keys: repeated, they have no further effect or are refused,
/// and a fingerprint of a password would be stored.
pub(super) fn add(path: &str, operation: &mut Operation) {
    if is_public(operation) || operation.request_body.is_none() || path.starts_with("/v1/auth/") {
        return;
    }
    operation.parameters.get_or_insert_default().push(header());
    for code in [
        error_codes::IDEMPOTENCY_KEY_INVALID,
        error_codes::IDEMPOTENCY_IN_PROGRESS,
        error_codes::IDEMPOTENCY_KEY_REUSED,
        error_codes::IDEMPOTENCY_ANSWER_ERASED,
    ] {
        errors::add(&mut operation.responses.responses, &ListedError::new(code));
    }
    for (_, response) in operation.responses.responses.iter_mut().filter(|(status, _)| is_kept(status)) {
        if let RefOr::T(response) = response {
            response.headers.insert("Idempotency-Replayed".to_owned(), RefOr::T(Header::default()));
        }
    }
}

/// Whether an answer of this status is kept for a retry.
fn is_kept(status: &str) -> bool {
    status.starts_with('2') || matches!(status, "404" | "409" | "422")
}

/// A bare key, or a quoted one with its escapes.
const KEY: &str = r#"^([!#-~][!-~]{0,254}|"([!#-\[\]-~]|\\["\\]){1,255}")$"#;

fn header() -> RefOr<Parameter> {
    let schema = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).pattern(Some(KEY));
    let header = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "1 to 255 visible ASCII characters, quoted (draft-ietf-httpapi-idempotency-key-header) or bare. \
            The same request with the same key, by a token of the same grant, within a day has no further \
            effect and gets the first answer again, with `Idempotency-Replayed: true`.",
        ))
        // Without an example: API browsers and Postman send it as it is, and then two requests have one key.
        .schema(Some(schema))
        .build();
    RefOr::T(header)
}
