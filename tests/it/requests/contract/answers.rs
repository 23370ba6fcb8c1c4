//! Compares answers of the service with the contract.

use serde_json::Value;

use super::{
    document::{examples, responses},
    schema::faults,
};
use crate::support::Answer;

/// Asserts that an answer is one that the contract has.
pub fn fits(document: &Value, operation: &Value, answer: &Answer) {
    let (place, status) = (&operation["operationId"], answer.status.to_string());
    let foreseen = responses(document, operation).find(|(known, _)| *known == status);
    let (_, response) =
        foreseen.unwrap_or_else(|| panic!("{place} answers {status}, of which the contract says nothing"));
    let media_type = answer.header("content-type").split(';').next().unwrap();
    let content = &response["content"][media_type];
    let is_empty = response["content"].is_null() && media_type.is_empty() && answer.text.is_empty();
    assert!(
        content.is_object() || is_empty,
        "{place} answers {status} in {media_type}, of which the contract says nothing"
    );
    if media_type.ends_with("json") {
        assert_eq!(faults(document, &content["schema"], &answer.body), [""; 0], "{place}: {status}");
    }
    if media_type == "application/problem+json" {
        // Listed beside the handler, or shared by operations of its kind.
        let code = &answer.body["code"];
        let listed = examples(document, content).into_iter().any(|(_, example)| example["code"] == *code);
        assert!(listed, "{place} answers {code}, which is not among its error codes");
    }
    for name in response["headers"].as_object().unwrap().keys() {
        let sometimes =
            ["Link", "Content-Disposition", "Idempotency-Replayed", "Set-Cookie"].contains(&name.as_str());
        // The CSV is written as it is read, and has no tag.
        let sometimes = sometimes || (name == "ETag" && media_type == "text/csv");
        assert!(sometimes || !answer.header(name).is_empty(), "{place} answers {status} without {name}");
    }
}

/// The permissions of which an operation needs one.
pub fn permissions_of(operation: &Value) -> Vec<&str> {
    let requirements = operation["security"].as_array().into_iter().flatten();
    let scopes = requirements.flat_map(|one| one["access_token"].as_array().into_iter().flatten());
    scopes.filter_map(Value::as_str).collect()
}
