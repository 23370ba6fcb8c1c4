//! What operations of a kind share: refusals, their form, headers, examples.

use serde_json::json;
use utoipa::openapi::{
    Content, HttpMethod, Ref, RefOr, Required, Response, ResponseBuilder, path::Operation, schema::Schema,
    security::SecurityRequirement,
};

use super::{
    super::middleware::{letter_quota, rate_limit::policy::policy},
    examples::{self, Examples},
    headers, idempotency, problem_examples, sample_data,
};

/// Adds what is shared. `examples` takes up those of the operation.
pub(super) fn complete(
    (path, method): (&str, HttpMethod),
    operation: &mut Operation,
    examples: &mut Examples,
) {
    let id = operation.operation_id.clone().unwrap_or_default();
    let letters = sends_letters(&method, path);
    if letters {
        let refusal = "`rate_limited`, with `Retry-After`: a mailbox, the owners of an account or the caller have had their letters of 24 hours.";
        let refusal = || RefOr::T(ResponseBuilder::new().description(refusal).build());
        operation.responses.responses.entry("429".to_owned()).or_insert_with(refusal);
    }
    for (status, description) in shared(path, &id, operation) {
        let refusal = || RefOr::T(ResponseBuilder::new().description(description).build());
        operation.responses.responses.entry(status.to_owned()).or_insert_with(refusal);
    }
    if method == HttpMethod::Post {
        idempotency::add(operation);
    }
    let has_body = needs_body(operation);
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.values_mut().filter_map(written).for_each(without_null);
        examples::hoist_request(body, examples);
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if response.content.is_empty() && status.starts_with(['4', '5']) {
            let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
            let codes = problem_examples::named_in(&response.description, has_body);
            examples::point_to_problems(&mut content, &codes, examples);
            response.content.insert("application/problem+json".to_owned(), RefOr::T(content));
        } else {
            show(response, examples);
        }
        headers::name(path, letters, status, response);
    }
}

fn sends_letters(method: &HttpMethod, path: &str) -> bool {
    let method = match method {
        HttpMethod::Post => "POST",
        HttpMethod::Patch => "PATCH",
        _ => return false,
    };
    letter_quota::sends_letters(method, path)
}

fn needs_body(operation: &Operation) -> bool {
    matches!(&operation.request_body, Some(RefOr::T(body)) if body.required == Some(Required::True))
}

/// A body that may be left out is still not `null`.
fn without_null(content: &mut Content) {
    if let Some(RefOr::T(Schema::OneOf(either))) = &mut content.schema
        && let Some(reference) = either.items.iter().position(|one| matches!(one, RefOr::Ref(_)))
    {
        content.schema = Some(either.items.swap_remove(reference));
    }
}

fn written(content: &mut RefOr<Content>) -> Option<&mut Content> {
    match content {
        RefOr::T(content) => Some(content),
        RefOr::Ref(_) => None,
    }
}

fn show(response: &mut Response, examples: &mut Examples) {
    for (media_type, content) in &mut response.content {
        let Some(content) = written(content) else { continue };
        match media_type.as_str() {
            "application/json" => examples::hoist(content, examples),
            "text/html" => content.example = Some(json!("<!doctype html><html lang=\"en\">…</html>")),
            "text/csv" => content.example = Some(json!(sample_data::CSV)),
            _ => content.example = Some(json!(sample_data::METRICS)),
        }
    }
}

/// The refusals that every operation of a kind shares.
fn shared(path: &str, id: &str, operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let public = operation
        .security
        .as_ref()
        .is_none_or(|all| all.iter().all(|one| *one == SecurityRequirement::default()));
    let mut shared = Vec::new();
    if !path.starts_with("/v1/") {
        return shared;
    }
    if !public {
        shared.push(("401", "`unauthenticated`: no access token, or none that is valid."));
    }
    if operation.request_body.is_some() {
        let malformed = if needs_body(operation) {
            "`malformed_json`: the body is empty or no JSON."
        } else {
            "`malformed_json`: the body is no JSON."
        };
        shared.extend([
            ("400", malformed),
            ("408", "`request_timeout`: the body did not arrive within 15 seconds."),
            ("413", "`payload_too_large`: the body has more than 64 KiB."),
            (
                "415",
                "`unsupported_media_type`: the body is not `application/json`, or has a `Content-Encoding`.",
            ),
        ]);
    }
    shared.extend([
        ("406", "`not_acceptable`: the `Accept` header rules JSON out."),
        ("422", "`validation_failed`, with every faulty member or parameter in `errors`."),
    ]);
    // The roles are in no database.
    if id != "listRoles" {
        shared.push(("503", "`unavailable`: the database is away or a queue is full. Nothing was changed."));
    }
    if policy(path).is_some() {
        shared.push(("429", "`rate_limited`: too many requests from this address."));
    }
    shared
}
