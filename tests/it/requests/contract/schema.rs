//! Values against the contract's schemas: by `jsonschema`, and beside it what JSON Schema has no word for.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

thread_local! {
    /// Made once for each schema: the contract has the same ones in many places.
    static VALIDATORS: RefCell<HashMap<String, Rc<Validator>>> = RefCell::default();
}

/// What `value` breaks of `schema`, each with its place; and the members that the contract does not name,
/// which would be news to its readers.
pub fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let validator = validator(document, schema);
    let mut found: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if found.is_empty() {
        news(document, schema, value, "", &mut found);
    }
    found
}

/// The schema, or what it points to.
pub fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            document.pointer(reference.strip_prefix('#').unwrap()).unwrap_or_else(|| panic!("{reference}"))
        }
        None => value,
    }
}

/// Patterns and formats are checked, and a format that is not known is a fault of the contract.
fn validator(document: &Value, schema: &Value) -> Rc<Validator> {
    let name = schema.to_string();
    if let Some(known) = VALIDATORS.with_borrow(|known| known.get(&name).cloned()) {
        return known;
    }
    let mut whole = schema.as_object().unwrap().clone();
    whole.insert("components".to_owned(), json!({ "schemas": document["components"]["schemas"] }));
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        // OpenAPI's own: what is typed is not shown, and how wide a number is.
        .with_format("password", |_: &str| true)
        .with_format("int32", |_: &str| true)
        .with_format("int64", |_: &str| true)
        .build(&Value::Object(whole))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let validator = Rc::new(validator);
    VALIDATORS.with_borrow_mut(|known| known.insert(name, validator.clone()));
    validator
}

/// Members of a value that fits, which its schema does not name though it names others.
fn news(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let schema = resolved(document, schema);
    for one in schema["oneOf"].as_array().into_iter().flatten() {
        if validator(document, one).is_valid(value) {
            news(document, one, value, at, found);
        }
    }
    let nothing = Map::new();
    let known = schema["properties"].as_object().unwrap_or(&nothing);
    for (name, member) in value.as_object().unwrap_or(&nothing) {
        match known.get(name) {
            Some(schema) => news(document, schema, member, &format!("{at}/{name}"), found),
            None if schema.get("additionalProperties").is_none() && !known.is_empty() => {
                found.push(format!("{at}/{name}: new"));
            }
            None => {}
        }
    }
    if let (Some(schema), Some(items)) = (schema.get("items"), value.as_array()) {
        for (index, item) in items.iter().enumerate() {
            news(document, schema, item, &format!("{at}/{index}"), found);
        }
    }
}

/// The checker itself is no yes-man: each of these is a fault.
#[test]
fn what_breaks_a_schema_is_reported() {
    let document = json!({ "components": { "schemas": {
        "Tag": { "type": "string", "pattern": "^[a-z]+$" },
        "Thing": {
            "type": "object", "properties": { "tag": { "$ref": "#/components/schemas/Tag" } },
            "required": ["tag"]
        },
    } } });
    let thing = json!({ "$ref": "#/components/schemas/Thing" });
    assert_eq!(faults(&document, &thing, &json!({ "tag": "a" })), [""; 0]);
    for bad in
        [json!({ "tag": "A" }), json!({}), json!({ "tag": 1 }), json!({ "tag": "a", "more": 1 }), json!([])]
    {
        assert_eq!(faults(&document, &thing, &bad).len(), 1, "{bad}");
    }
    for (format, good, bad) in [
        ("date-time", "2026-11-24T12:00:00.000Z", "2026-11-24 12:00"),
        ("uri", "https://a.example/problems/x", "/problems/x y"),
        ("email", "ada@example.com", "ada"),
    ] {
        let schema = json!({ "type": "string", "format": format });
        assert_eq!(
            (faults(&document, &schema, &json!(good)).len(), faults(&document, &schema, &json!(bad)).len()),
            (0, 1),
            "{format}"
        );
    }
}
