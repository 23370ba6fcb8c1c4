//! What an `Idempotency-Key` adds to an operation.

use utoipa::openapi::{
    Header, ObjectBuilder, RefOr, ResponseBuilder,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
    schema::{SchemaType, Type},
    security::SecurityRequirement,
};

/// Adds the header and its refusals to an authenticated POST that takes a body.
pub(super) fn add(operation: &mut Operation) {
    let public = operation
        .security
        .as_ref()
        .is_none_or(|all| all.iter().all(|one| *one == SecurityRequirement::default()));
    if public || operation.request_body.is_none() {
        return;
    }
    operation.parameters.get_or_insert_default().push(header());
    for (status, words) in [
        ("400", "`idempotency_key_invalid`: the `Idempotency-Key` is malformed."),
        ("409", "`idempotency_in_progress`: the first request with this `Idempotency-Key` is still running."),
        ("422", "`idempotency_key_reused`: the `Idempotency-Key` was sent with another request."),
    ] {
        let response = operation.responses.responses.entry(status.to_owned());
        let response = response.or_insert_with(|| RefOr::T(ResponseBuilder::new().build()));
        if let RefOr::T(response) = response {
            let before = std::mem::take(&mut response.description);
            response.description =
                if before.is_empty() { words.to_owned() } else { format!("{before} {words}") };
        }
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
            "1 to 255 visible ASCII characters, quoted (draft-ietf-httpapi-idempotency-key-header) or bare. The same key with the \
             same request, by a token of the same grant, within a day has no further effect and gets the first answer again, with \
             `Idempotency-Replayed: true`.",
        ))
        .schema(Some(schema))
        .example(Some(serde_json::json!("\"8e03978e-40d5-43e8-bc93-6894a57f9324\"")))
        .build();
    RefOr::T(header)
}
