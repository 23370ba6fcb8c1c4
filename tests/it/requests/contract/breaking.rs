//! Changes that would break a client of the last released contract, which is in openapi/released.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::{Map, Value};

use super::schema::resolved;
use crate::support::json;

/// What differs from the released contract and breaks no client, each with the reason. Emptied with each
/// release.
const EXCUSED: [(&str, &str); 8] = [
    ("GET /activate: removed", "the page is there; pages are no part of the contract any more"),
    ("POST /activate: removed", "as above"),
    ("POST /activate/renew: removed", "as above"),
    ("POST /activate/unsubscribe: removed", "as above"),
    ("GET /problems/{code} ?code: takes some words only", "the words are those that were there, as an enum"),
    (
        "PATCH /v1/invitations/{id} body: application/merge-patch+json removed",
        "it is taken; a second media type breaks findings/openapi-python-client-two-media-types.sh",
    ),
    ("GET /v1/users ?bom: removed", "it is taken; GET /v1/users.csv has it"),
    ("GET /v1/users 200: text/csv removed", "it is answered; GET /v1/users.csv has it"),
];

/// Who writes what a schema describes.
#[derive(Clone, Copy, PartialEq)]
enum Writer {
    Client,
    Service,
}

/// The released contract beside the present one.
struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    /// Each change, with its place.
    found: Vec<String>,
    /// The schemas that are being compared: some contain themselves.
    open: Vec<(&'a Value, &'a Value)>,
}

/// The forms of a value: those of a union, or the schema itself.
fn forms<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let schema = resolved(document, schema);
    let union = ["oneOf", "anyOf"].into_iter().find_map(|kind| schema.get(kind)?.as_array());
    match union {
        Some(all) => all.iter().flat_map(|one| forms(document, one)).collect(),
        None => vec![schema],
    }
}

/// The JSON types of a value; empty when any may come.
fn types<'a>(forms: &[&'a Value]) -> BTreeSet<&'a str> {
    let of_one = |form: &&'a Value| match &form["type"] {
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect::<Vec<&'a str>>(),
        one => one.as_str().into_iter().collect(),
    };
    if forms.iter().any(|form| form.get("type").is_none()) {
        return BTreeSet::new();
    }
    forms.iter().flat_map(of_one).collect()
}

/// The words of a closed set, `null` aside; `None` when the set is open.
fn words(forms: &[&Value]) -> Option<BTreeSet<String>> {
    let values = forms.iter().filter(|form| form["type"] != "null");
    let sets: Option<Vec<&Vec<Value>>> = values.map(|form| form.get("enum")?.as_array()).collect();
    Some(sets?.into_iter().flatten().map(ToString::to_string).collect())
}

/// The members of an object, in whichever form.
fn members<'a>(forms: &[&'a Value]) -> BTreeMap<&'a str, &'a Value> {
    let objects = forms.iter().filter_map(|form| form.get("properties")?.as_object());
    objects.flat_map(Map::iter).map(|(name, schema)| (name.as_str(), schema)).collect()
}

/// The members that every form of an object has.
fn required<'a>(forms: &[&'a Value]) -> BTreeSet<&'a str> {
    let objects = forms.iter().filter(|form| form.get("properties").is_some());
    let sets = objects.map(|form| -> BTreeSet<&'a str> {
        form["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    });
    sets.reduce(|all, one| &all & &one).unwrap_or_default()
}

/// A parameter's values: those of a list that is separated by commas are as those of one.
fn parameter_schema(parameter: &Value) -> &Value {
    parameter["schema"].get("items").unwrap_or(&parameter["schema"])
}

impl<'a> Comparison<'a> {
    fn of(old: &'a Value, new: &'a Value) -> Vec<String> {
        let mut comparison = Self { old, new, found: Vec::new(), open: Vec::new() };
        for (path, item) in old["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let place = format!("{} {path}", method.to_uppercase());
                match new["paths"].get(path).and_then(|item| item.get(method)) {
                    Some(present) => comparison.operation(operation, present, &place),
                    None => comparison.found.push(format!("{place}: removed")),
                }
            }
        }
        comparison.found
    }

    fn operation(&mut self, old: &'a Value, new: &'a Value, place: &str) {
        self.parameters(old, new, place);
        let (body, present) = (&old["requestBody"], &new["requestBody"]);
        if present["required"] == true && body["required"] != true {
            self.found.push(format!("{place} body: required now"));
        }
        if body.is_object() {
            self.content(body, present, Writer::Client, &format!("{place} body"));
        }
        for (status, response) in old["responses"].as_object().unwrap() {
            if status.starts_with('2') {
                let present = resolved(self.new, &new["responses"][status]);
                if present.is_null() {
                    self.found.push(format!("{place} {status}: removed"));
                    continue;
                }
                let response = resolved(self.old, response);
                self.content(response, present, Writer::Service, &format!("{place} {status}"));
            }
        }
    }

    fn parameters(&mut self, old: &'a Value, new: &'a Value, place: &str) {
        let all = |operation: &'a Value| operation["parameters"].as_array().into_iter().flatten();
        let is_same = |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
        for parameter in all(old) {
            let place = format!("{place} ?{}", parameter["name"].as_str().unwrap());
            match all(new).find(|one| is_same(one, parameter)) {
                Some(present) => {
                    let (old, new) = (parameter_schema(parameter), parameter_schema(present));
                    self.schema(old, new, Writer::Client, &place);
                }
                None => self.found.push(format!("{place}: removed")),
            }
        }
        for parameter in all(new).filter(|parameter| parameter["required"] == true) {
            if !all(old).any(|one| is_same(one, parameter) && one["required"] == true) {
                self.found.push(format!("{place} ?{}: required now", parameter["name"].as_str().unwrap()));
            }
        }
    }

    fn content(&mut self, old: &'a Value, new: &'a Value, writer: Writer, place: &str) {
        for (media_type, content) in old["content"].as_object().into_iter().flatten() {
            match new["content"].get(media_type) {
                Some(present) => self.schema(&content["schema"], &present["schema"], writer, place),
                None => self.found.push(format!("{place}: {media_type} removed")),
            }
        }
    }

    fn schema(&mut self, old: &'a Value, new: &'a Value, writer: Writer, place: &str) {
        if self.open.iter().any(|(one, other)| *one == old && *other == new) {
            return;
        }
        self.open.push((old, new));
        let (before, now) = (forms(self.old, old), forms(self.new, new));
        self.values(&before, &now, writer, place);
        self.objects(&before, &now, writer, place);
        let items = |forms: &[&'a Value]| forms.iter().find_map(|form| form.get("items"));
        if let (Some(old), Some(new)) = (items(&before), items(&now)) {
            self.schema(old, new, writer, &format!("{place}/*"));
        }
        self.open.pop();
    }

    /// Types and words: an answer may have no new types, a request must be taken as it was.
    fn values(&mut self, before: &[&'a Value], now: &[&'a Value], writer: Writer, place: &str) {
        let listed = |names: Vec<&str>| names.join(", ");
        let (old, new) = (types(before), types(now));
        let (narrow, wide) = if writer == Writer::Client { (&new, &old) } else { (&old, &new) };
        // An empty set stands for all types.
        if !narrow.is_empty() && (wide.is_empty() || !wide.is_subset(narrow)) {
            let what = if writer == Writer::Client { "may not be any more" } else { "may be now" };
            self.found
                .push(format!("{place}: {what}: {}", listed(wide.difference(narrow).copied().collect())));
        }
        let (Writer::Client, Some(new)) = (writer, words(now)) else { return };
        match words(before) {
            Some(old) => {
                let gone: Vec<&str> = old.difference(&new).map(String::as_str).collect();
                if !gone.is_empty() {
                    self.found.push(format!("{place}: does not take any more: {}", listed(gone)));
                }
            }
            None => self.found.push(format!("{place}: takes some words only")),
        }
    }

    fn objects(&mut self, before: &[&'a Value], now: &[&'a Value], writer: Writer, place: &str) {
        let (old, new) = (members(before), members(now));
        for (&name, &schema) in &old {
            match new.get(name) {
                Some(&present) => self.schema(schema, present, writer, &format!("{place}/{name}")),
                None => self.found.push(format!("{place}/{name}: removed")),
            }
        }
        let (had, has) = (required(before), required(now));
        let (changed, what) = match writer {
            Writer::Client => (has.difference(&had), "required now"),
            Writer::Service => (had.difference(&has), "may be left out now"),
        };
        let changed = changed.filter(|name| writer == Writer::Client || new.contains_key(**name));
        self.found.extend(changed.map(|name| format!("{place}/{name}: {what}")));
    }
}

/// The contract of the newest version that the changelog names.
fn released() -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let changelog = std::fs::read_to_string(root.join("CHANGELOG.md")).unwrap();
    let mut headings = changelog.lines().filter_map(|line| line.strip_prefix("## [")?.split(']').next());
    let version = headings.find(|heading| *heading != "Unreleased").unwrap();
    let path = root.join(format!("openapi/released/{version}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn no_client_of_the_released_contract_is_broken() {
    let found: BTreeSet<String> = Comparison::of(&released(), &super::document()).into_iter().collect();
    let excused: BTreeSet<String> = EXCUSED.iter().map(|(change, _)| (*change).to_owned()).collect();
    assert_eq!(found, excused, "changes that break clients (left), and those that are excused (right)");
}

/// Each of these changes is found.
#[test]
fn changes_that_break_clients_are_found() {
    let contract = |operation: Value| json!({ "paths": { "/things": { "post": operation } } });
    let with = |request: Value, answer: Value| {
        contract(json!({
            "parameters": [{ "name": "kind", "in": "query", "schema": { "type": "string" } }],
            "requestBody": { "content": { "application/json": { "schema": request } } },
            "responses": { "200": { "content": { "application/json": { "schema": answer } } } },
        }))
    };
    let text = || json!({ "type": "string" });
    let object = |members: Value, required: Value| {
        json!({
            "type": "object", "properties": members, "required": required
        })
    };
    let request = || object(json!({ "size": { "type": "string", "enum": ["s", "m"] } }), json!([]));
    let answer =
        || object(json!({ "id": text(), "tags": { "type": "array", "items": text() } }), json!(["id"]));
    let old = with(request(), answer());
    let found = |new: Value| Comparison::of(&old, &new);
    assert_eq!(found(old.clone()), [""; 0]);
    assert_eq!(found(json!({ "paths": {} })), ["POST /things: removed"]);
    let wider = object(json!({ "size": text(), "more": text() }), json!([]));
    let more = object(
        json!({ "id": text(), "tags": { "type": "array", "items": text() }, "more": text() }),
        json!(["id", "more"]),
    );
    assert_eq!(found(with(wider, more)), [""; 0], "what is added breaks nothing");
    let narrow =
        object(json!({ "size": { "type": "string", "enum": ["s"] }, "more": text() }), json!(["more"]));
    assert_eq!(
        found(with(narrow, answer())),
        ["POST /things body/size: does not take any more: \"m\"", "POST /things body/more: required now"]
    );
    assert_eq!(found(with(object(json!({}), json!([])), answer())), ["POST /things body/size: removed"]);
    let gone = object(json!({ "id": { "type": ["string", "null"] } }), json!([]));
    assert_eq!(
        found(with(request(), gone)),
        [
            "POST /things 200/id: may be now: null",
            "POST /things 200/tags: removed",
            "POST /things 200/id: may be left out now"
        ]
    );
    let mut others = old.clone();
    others["paths"]["/things"]["post"]["parameters"] = json!([
        { "name": "page", "in": "query", "required": true, "schema": text() }
    ]);
    others["paths"]["/things"]["post"]["requestBody"]["required"] = json!(true);
    assert_eq!(
        found(others),
        [
            "POST /things ?kind: removed",
            "POST /things ?page: required now",
            "POST /things body: required now"
        ]
    );
}
