//! As much of JSON Schema (2020-12) as the contract uses: what it does not use is an error, so that nothing goes unchecked.

use serde_json::{Map, Value, json};

/// What `value` breaks of `schema`, each with its place.
pub fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "", &mut found);
    found
}

/// The schema, or what it points to.
pub fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap_or_else(|| panic!("{reference}")),
        None => value,
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("no such type: {other}"),
    }
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let schema = resolved(document, schema).as_object().unwrap();
    let mut fault = |what: &str, rule: &Value| found.push(format!("{at}: {value} breaks {what} {rule}"));
    let length = value.as_str().map(|text| text.chars().count() as u64);
    let items = value.as_array().map(|items| items.len() as u64);
    for (keyword, rule) in schema {
        let kept = match keyword.as_str() {
            "type" => match rule {
                Value::Array(names) => names.iter().any(|name| is_of_type(value, name.as_str().unwrap())),
                name => is_of_type(value, name.as_str().unwrap()),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "minLength" => length.is_none_or(|length| length >= rule.as_u64().unwrap()),
            "maxLength" => length.is_none_or(|length| length <= rule.as_u64().unwrap()),
            "minItems" => items.is_none_or(|items| items >= rule.as_u64().unwrap()),
            "maxItems" => items.is_none_or(|items| items <= rule.as_u64().unwrap()),
            "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
            "maximum" => value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap()),
            "oneOf" => rule.as_array().unwrap().iter().filter(|one| faults(document, one, value).is_empty()).count() == 1,
            "required" => {
                let missing = |name: &Value| value.is_object() && value.get(name.as_str().unwrap()).is_none();
                !rule.as_array().unwrap().iter().any(missing)
            }
            "format" => match (rule.as_str().unwrap(), value.as_str()) {
                ("date-time", Some(text)) => text.parse::<chrono::DateTime<chrono::Utc>>().is_ok() && text.ends_with('Z'),
                ("uri", Some(text)) => url::Url::parse(text).is_ok(),
                ("email", Some(text)) => text.contains('@'),
                ("password" | "int32" | "int64", _) | (_, None) => true,
                (other, _) => panic!("no such format: {other}"),
            },
            "uniqueItems" => {
                value.as_array().is_none_or(|items| items.iter().all(|one| items.iter().filter(|x| *x == one).count() == 1))
            }
            "pattern"
            | "description"
            | "default"
            | "examples"
            | "discriminator"
            | "x-extensible-enum"
            | "properties"
            | "additionalProperties"
            | "propertyNames"
            | "items" => true,
            other => panic!("{at}: the keyword {other} is not known to this test"),
        };
        if !kept {
            fault(keyword, rule);
        }
    }
    let (nothing, closed) = (Map::new(), json!(false));
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    for (name, member) in value.as_object().unwrap_or(&nothing) {
        match known.get(name) {
            Some(schema) => check(document, schema, member, &format!("{at}/{name}"), found),
            None if schema.get("additionalProperties") == Some(&closed) => found.push(format!("{at}/{name}: not known")),
            // What answers hold and the contract does not name would be news to its readers.
            None if schema.get("additionalProperties").is_none() && !known.is_empty() => found.push(format!("{at}/{name}: new")),
            None => {}
        }
    }
    if let (Some(schema), Some(items)) = (schema.get("items"), value.as_array()) {
        for (index, item) in items.iter().enumerate() {
            check(document, schema, item, &format!("{at}/{index}"), found);
        }
    }
}
