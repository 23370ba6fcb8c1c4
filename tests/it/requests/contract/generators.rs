//! What generators of clients need, as found with those of `make test-clients`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    document::{examples, responses},
    operations,
    schema::resolved,
};
use crate::support::json;

const PROBLEM: &str = "application/problem+json";

/// Calls `look` with every object of the document outside its examples.
fn walk(value: &Value, look: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(members) => {
            look(value);
            let inner = members.iter().filter(|(name, _)| !["example", "examples"].contains(&name.as_str()));
            inner.for_each(|(_, value)| walk(value, look));
        }
        Value::Array(items) => items.iter().for_each(|value| walk(value, look)),
        _ => {}
    }
}

#[test]
fn unions_are_of_bare_references_and_sets_of_words_are_enums() {
    let document = super::document();
    let mut unions = 0;
    walk(&document, &mut |value: &Value| {
        for kind in ["oneOf", "anyOf", "allOf"] {
            for one in value.get(kind).and_then(Value::as_array).into_iter().flatten() {
                let is_bare = one.get("$ref").is_none() || one.as_object().unwrap().len() == 1;
                assert!(is_bare, "{one} in {value}");
                unions += 1;
            }
        }
        assert!(value.get("uniqueItems").is_none(), "{value}");
        assert!(value.get("x-extensible-enum").is_none(), "{value}");
    });
    assert!(unions > 50, "{unions}");
    let schemas = &document["components"]["schemas"];
    let words = |name: &str| schemas[name]["enum"].as_array().unwrap().len();
    assert_eq!(words("AnyRole"), words("SystemRole") + words("MemberRole"));
    assert!(words("ErrorCode") > 60 && words("FieldErrorCode") > 40);
}

#[test]
fn a_body_has_one_media_type_and_no_page_is_an_operation() {
    let document = super::document();
    for (path, method, operation) in operations(&document) {
        let place = format!("{method} {path}");
        if let Some(body) = operation.get("requestBody") {
            let types: Vec<&str> = body["content"].as_object().unwrap().keys().map(String::as_str).collect();
            let expected: &[&str] = match path.as_str() {
                // RFC 6749 has the form.
                "/v1/auth/token" => &["application/json", "application/x-www-form-urlencoded"],
                "/v1/mail-events/dsn" => &["message/rfc822"],
                _ => &["application/json"],
            };
            assert_eq!(types, expected, "{place}");
        }
        for (status, response) in responses(&document, &operation) {
            let types = response["content"].as_object().into_iter().flatten().count();
            assert!(types < 2 || path == "/v1/auth/token" && status >= "400", "{place}: {status}");
        }
        let is_page =
            ["/activate", "/reset-password", "/confirm-email"].iter().any(|page| path.starts_with(page));
        assert!(!is_page, "{place}");
        let keys = operation["parameters"].as_array().into_iter().flatten();
        for key in keys.filter(|parameter| parameter["name"] == "Idempotency-Key") {
            assert!(key.get("example").is_none() && key["schema"].get("examples").is_none(), "{place}");
        }
    }
}

#[test]
fn public_operations_have_an_empty_list_of_security() {
    let document = super::document();
    let mut public = 0;
    for (path, method, operation) in operations(&document) {
        let security = operation["security"].as_array().unwrap_or_else(|| panic!("{method} {path}"));
        assert!(security.iter().all(|one| !one.as_object().unwrap().is_empty()), "{method} {path}");
        public += usize::from(security.is_empty());
    }
    assert!(public > 10, "{public}");
}

/// What Spectral does not check here: see openapi/.spectral.yaml.
#[test]
fn what_security_names_is_defined() {
    let document = super::document();
    let schemes = &document["components"]["securitySchemes"];
    let scopes = &schemes["api_client"]["flows"]["clientCredentials"]["scopes"];
    for (path, method, operation) in operations(&document) {
        for requirement in operation["security"].as_array().unwrap() {
            for (name, needed) in requirement.as_object().unwrap() {
                assert!(schemes.get(name).is_some(), "{method} {path}: {name}");
                for scope in needed.as_array().unwrap() {
                    assert!(scopes.get(scope.as_str().unwrap()).is_some(), "{method} {path}: {scope}");
                }
            }
        }
    }
}

/// The schema of an error has the codes of that response and no others: those that its examples show.
#[test]
fn every_error_response_has_its_codes_as_an_enum() {
    let document = super::document();
    for (path, method, operation) in operations(&document) {
        for (status, response) in responses(&document, &operation) {
            let content = &response["content"][PROBLEM];
            if content.is_null() {
                continue;
            }
            let schema = resolved(&document, &content["schema"]);
            let words = schema["properties"]["code"]["enum"].as_array().unwrap();
            let codes: BTreeSet<&str> = words.iter().map(|word| word.as_str().unwrap()).collect();
            let shown = examples(&document, content).into_iter().map(|(_, example)| &example["code"]);
            let shown: BTreeSet<&str> = shown.map(|code| code.as_str().unwrap()).collect();
            assert_eq!(codes, shown, "{method} {path}: {status}");
        }
    }
}

/// The members of a problem by their codes.
#[test]
fn a_problem_has_the_members_of_its_codes() {
    let document = super::document();
    let invite = &document["paths"]["/v1/system-users/invitations"]["post"];
    let (_, conflict) = responses(&document, invite).find(|(status, _)| *status == "409").unwrap();
    let schema = resolved(&document, &conflict["content"][PROBLEM]["schema"]);
    assert!(schema["properties"]["invitation_id"].is_object(), "{schema}");
    assert!(schema["properties"]["candidates"].is_null(), "{schema}");
    let resend = &document["paths"]["/v1/users/{id}/resend-invitation"]["post"];
    let (_, conflict) = responses(&document, resend).find(|(status, _)| *status == "409").unwrap();
    let schema = resolved(&document, &conflict["content"][PROBLEM]["schema"]);
    let item = json!({ "$ref": "#/components/schemas/InvitationCandidate" });
    assert_eq!(schema["properties"]["candidates"]["items"], item, "{schema}");
}
