//! What operations of a kind share: error codes, headers, examples.

use serde_json::json;
use utoipa::openapi::{Content, HttpMethod, RefOr, Required, Response, path::Operation, schema::Schema};

use super::{
    super::{
        middleware::{letter_quota, rate_limit::policy::policy},
        response::error_codes,
    },
    conditional,
    errors::{self, ListedError},
    examples::{self, Examples},
    headers, idempotency, oauth, sample_data,
    security::{add_api_client, is_public},
};

/// Adds what is shared. `examples` takes up those of the operation.
pub(super) fn complete(
    (path, method): (&str, HttpMethod),
    operation: &mut Operation,
    examples: &mut Examples,
) {
    let letters = sends_letters(&method, path);
    if is_public(operation) {
        // An empty list, and not one of an empty requirement: both mean that no token is asked for, and
        // generators know the first.
        operation.security = Some(Vec::new());
    }
    add_api_client(path, operation);
    for error in shared_errors(path, letters, operation) {
        errors::add(&mut operation.responses.responses, &error);
    }
    if method == HttpMethod::Post {
        idempotency::add(path, operation);
        oauth::add(path, operation);
    }
    if method == HttpMethod::Get {
        conditional::add(path, operation);
    }
    errors::hoist_examples(operation, needs_body(operation), examples);
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.values_mut().filter_map(written).for_each(without_null);
        examples::hoist_request(body, examples);
    }
    let is_limited = !is_public(operation);
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        show(response, examples);
        headers::name(path, is_limited, status, response);
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
            "text/csv" => {
                content.example.get_or_insert_with(|| json!(sample_data::CSV));
            }
            "application/problem+json" => {}
            _ => content.example = Some(json!(sample_data::METRICS)),
        }
    }
}

/// The errors that every operation of a kind shares. An operation that lists one of them itself has said why.
fn shared_errors(path: &str, letters: bool, operation: &Operation) -> Vec<ListedError> {
    let mut shared = Vec::new();
    if letters {
        shared.push(ListedError::new(error_codes::RATE_LIMITED).when(
            "a mailbox, the owners of an account or the caller have had their letters of 24 hours, or there \
            were too many requests of this caller; with `Retry-After`",
        ));
    }
    if !path.starts_with("/v1/") {
        return shared;
    }
    if !is_public(operation) {
        shared.push(
            ListedError::new(error_codes::UNAUTHENTICATED).when("no access token, or none that is valid"),
        );
    }
    if operation.request_body.is_some() {
        shared.extend(body_errors(needs_body(operation)));
    }
    shared.extend([
        ListedError::new(error_codes::NOT_ACCEPTABLE).when("the `Accept` header rules JSON out"),
        ListedError::new(error_codes::VALIDATION_FAILED)
            .when("`errors` names every faulty member or parameter"),
    ]);
    shared.push(
        ListedError::new(error_codes::UNAVAILABLE)
            .when("the service is busy or its database is unavailable; with `Retry-After`"),
    );
    let limited = if policy(path).is_some() {
        "too many requests from this address; with `Retry-After`"
    } else {
        "too many requests of this caller; with `Retry-After`"
    };
    shared.push(ListedError::new(error_codes::RATE_LIMITED).when(limited));
    shared
}

/// The errors of operations that take a body in JSON.
fn body_errors(is_needed: bool) -> [ListedError; 4] {
    let malformed = if is_needed { "the body is empty or not JSON" } else { "the body is not JSON" };
    [
        ListedError::new(error_codes::MALFORMED_JSON).when(malformed),
        ListedError::new(error_codes::REQUEST_TIMEOUT).when("the body did not arrive within 15 seconds"),
        ListedError::new(error_codes::PAYLOAD_TOO_LARGE).when("the body has more than 64 KiB"),
        ListedError::new(error_codes::UNSUPPORTED_MEDIA_TYPE)
            .when("the body is not `application/json`, or has a `Content-Encoding`"),
    ]
}
