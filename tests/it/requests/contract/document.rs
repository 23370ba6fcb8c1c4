//! The document by itself: it is up to date, and every operation, answer, schema and reference is whole.

use std::{collections::HashSet, path::Path};

use serde_json::Value;

use super::{
    document, operations,
    schema::{faults, resolved},
};

use crate::support::json;

/// Every text that a member of this name has, anywhere.
fn values_of(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(name).and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| values_of(value, name, found));
        }
        Value::Array(items) => items.iter().for_each(|value| values_of(value, name, found)),
        _ => {}
    }
}

#[test]
fn the_file_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let generated = invitation_service::http::document().to_pretty_json().unwrap();
    if std::env::var_os("WRITE_OPENAPI").is_some() {
        return std::fs::write(path, generated + "\n").unwrap();
    }
    let file = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        file.trim_end() == generated.trim_end(),
        "openapi/openapi.json is not what the code says: run `make openapi`, look at the change and commit it"
    );
}

/// The responses of an operation, with their statuses.
pub fn responses<'a>(
    document: &'a Value,
    operation: &'a Value,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let responses = operation["responses"].as_object().unwrap();
    responses.iter().map(|(status, response)| (status.as_str(), resolved(document, response)))
}

/// The examples of a body in one media type, by name.
pub fn examples<'a>(document: &'a Value, content: &'a Value) -> Vec<(&'a str, &'a Value)> {
    let named = content["examples"].as_object().into_iter().flatten();
    let named = named.map(|(name, example)| (name.as_str(), &resolved(document, example)["value"]));
    named.chain(content.get("example").map(|example| ("example", example))).collect()
}

#[test]
fn every_operation_is_whole() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["servers"], json!([{ "url": "http://127.0.0.1:8080" }]));
    let operations = operations(&document);
    assert!(operations.len() >= 19, "{}", operations.len());
    let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = HashSet::new();
    for (path, method, operation) in &operations {
        let place = format!("{method} {path}");
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap_or_else(|| panic!("{place}"))),
            "{place}"
        );
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{place}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{place}");
        assert!(tags.contains(&&operation["tags"][0]), "{place}: {} is described nowhere", operation["tags"]);
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(
                parameter["description"].is_string() && parameter["schema"].is_object(),
                "{place}: {parameter}"
            );
            let fits = |example| {
                assert_eq!(faults(&document, &parameter["schema"], example), [""; 0], "{place}: {parameter}");
            };
            parameter.get("example").into_iter().for_each(fits);
        }
        let in_path: HashSet<_> =
            path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        let declared = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path");
        assert_eq!(
            declared.map(|parameter| parameter["name"].as_str().unwrap()).collect::<HashSet<_>>(),
            in_path,
            "{place}"
        );
        assert!(responses(&document, operation).any(|(status, _)| status.starts_with('2')), "{place}");
        let body = operation.get("requestBody").map(|body| ("request", body));
        for (status, whole) in responses(&document, operation).chain(body) {
            if matches!(status, "204" | "304") {
                assert!(whole["content"].is_null(), "{place}: {status} has content");
                continue;
            }
            let contents =
                whole["content"].as_object().unwrap_or_else(|| panic!("{place}: {status} has no content"));
            for (media_type, content) in contents {
                let examples = examples(&document, content);
                assert!(!examples.is_empty(), "{place}: {status} in {media_type} has no example");
                for (name, example) in examples {
                    let broken = faults(&document, &content["schema"], example);
                    assert!(broken.is_empty(), "{place}: {status}, {name}: {broken:?}");
                    if media_type == "application/problem+json" {
                        let code = example["code"].as_str().unwrap();
                        assert_eq!(example["status"].to_string(), status, "{place}: {code}");
                        assert!(
                            whole["description"].as_str().unwrap().contains(&format!("`{code}`")),
                            "{place}: {whole}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn every_answer_names_its_headers() {
    let document = document();
    for (path, method, operation) in &operations(&document) {
        let limited = operation["responses"].get("429").is_some() && operation["security"] == json!([]);
        for (status, response) in responses(&document, operation) {
            let mut expected = vec!["X-Request-Id"];
            expected.extend(["Cache-Control"].iter().filter(|_| path.starts_with("/v1/")));
            expected.extend(["Retry-After"].iter().filter(|_| ["429", "503"].contains(&status)));
            expected.extend(["RateLimit", "RateLimit-Policy"].iter().filter(|_| limited));
            expected.extend(["WWW-Authenticate"].iter().filter(|_| status == "401"));
            expected.extend(["Location"].iter().filter(|_| status == "201" && !limited));
            let one = response["content"]["application/json"]["schema"]["$ref"]
                == "#/components/schemas/Invitation";
            expected.extend(["ETag"].iter().filter(|_| one || status == "412"));
            let lists = operation["operationId"]
                .as_str()
                .is_some_and(|id| id.starts_with("list") && id != "listRoles");
            expected.extend(["Link"].iter().filter(|_| status == "200" && lists));
            for name in expected {
                let header = format!("#/components/headers/{name}");
                assert_eq!(response["headers"][name]["$ref"], json!(header), "{method} {path} {status}");
                let header = document.pointer(&header[1..]).unwrap();
                assert!(header["description"].is_string() && !header["example"].is_null(), "{header}");
            }
            assert_ne!(status, "500", "{method} {path}: a defect is no promise");
        }
    }
}

#[test]
fn schemas_keep_their_habits() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        assert!(schema["description"].is_string(), "{name} is described nowhere");
        if let Some(item) = name.strip_prefix("ListOf") {
            let item = format!("#/components/schemas/{}", item.strip_suffix('s').unwrap());
            assert_eq!(
                schema["properties"]["data"]["items"],
                json!({ "$ref": item }),
                "{name} copies its items"
            );
        }
        let request = name.ends_with("Request") || name.starts_with("Invite") && name != "Inviter";
        let Some(members) = schema["properties"].as_object() else { continue };
        assert_eq!(schema.get("additionalProperties") == Some(&json!(false)), request, "{name}");
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
        for (member, schema) in members {
            let described =
                resolved(&document, schema)["description"].is_string() || schema["description"].is_string();
            assert!(described, "{name}.{member} is described nowhere");
            let nullable = faults(&document, schema, &Value::Null).is_empty();
            assert!(
                request || !nullable || required.contains(&member.as_str()),
                "{name}.{member} is null or left out: which?"
            );
        }
    }
    let mut patterns = Vec::new();
    values_of(&document, "pattern", &mut patterns);
    assert!(patterns.len() >= 5, "{patterns:?}");
    for pattern in patterns {
        let words = pattern.trim_matches(['^', '$', '(', ')']).split('|');
        assert!(
            !words.clone().all(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_')),
            "{pattern} is an enum"
        );
    }
    let codes = document["components"]["schemas"]["ErrorCode"]["enum"].as_array().unwrap();
    assert!(codes.len() > 30 && codes.contains(&json!("validation_failed")));
}

#[test]
fn every_reference_leads_somewhere_and_nothing_is_left_over() {
    let document = document();
    let mut references = Vec::new();
    values_of(&document, "$ref", &mut references);
    assert!(references.len() > 200);
    for reference in &references {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for kind in ["schemas", "responses", "examples", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(
                references.contains(&format!("#/components/{kind}/{name}")),
                "nothing leads to {kind}/{name}"
            );
        }
    }
}
