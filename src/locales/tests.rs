//! Tests that every language has the English texts, with the same placeholders.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use chrono::format::{Item, StrftimeItems};
use serde_json::Value;

use super::Locale;

type Placeholders = fn(&str) -> BTreeSet<String>;

/// The texts of a JSON document, each by its path: `notices.used.texts.1`.
fn texts(document: &Value) -> BTreeMap<String, String> {
    let below = |key: &str, value: &Value| {
        let joined = |path: String| if path.is_empty() { key.to_owned() } else { format!("{key}.{path}") };
        texts(value).into_iter().map(|(path, text)| (joined(path), text)).collect::<Vec<_>>()
    };
    match document {
        Value::Object(members) => members.iter().flat_map(|(key, value)| below(key, value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, value)| below(&index.to_string(), value)).collect()
        }
        Value::String(text) => BTreeMap::from([(String::new(), text.clone())]),
        other => panic!("{other} is no text"),
    }
}

/// `{slot}`, in texts of the page.
fn slots(text: &str) -> BTreeSet<String> {
    let names = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// The variables in a sentence of a letter.
fn variables(text: &str) -> BTreeSet<String> {
    let environment = minijinja::Environment::new();
    let template = environment.template_from_str(text);
    template.map_or_else(
        |error| panic!("{error}: {text}"),
        |template| template.undeclared_variables(false).into_iter().collect(),
    )
}

/// The differences between a language's file and the English one.
fn differences(file: &str, english: &str, other: &str, placeholders: Placeholders) -> Vec<String> {
    let read =
        |source: &str| texts(&serde_json::from_str(source).unwrap_or_else(|error| panic!("{file}: {error}")));
    let (english, other) = (read(english), read(other));
    let absent =
        english.keys().filter(|key| !other.contains_key(*key)).map(|key| format!("{file} lacks {key}"));
    let surplus = other
        .keys()
        .filter(|key| !english.contains_key(*key))
        .map(|key| format!("{file} has {key}, and English has not"));
    let blank = other
        .iter()
        .filter(|(_, text)| text.trim().is_empty())
        .map(|(key, _)| format!("{file}: {key} is empty"));
    let changed = english.iter().filter_map(|(key, english)| {
        let (wanted, found) = (placeholders(english), placeholders(other.get(key)?));
        (wanted != found)
            .then(|| format!("{file}: {key} has the placeholders {found:?} in place of {wanted:?}"))
    });
    absent.chain(surplus).chain(blank).chain(changed).collect()
}

#[test]
fn every_language_has_the_english_keys_and_placeholders() {
    let english = Locale::En.data();
    let found: Vec<String> = Locale::ALL
        .into_iter()
        .map(Locale::data)
        .flat_map(|data| {
            let file = |name: &str| format!("{} ({}): {name}", data.name, data.tag);
            let letters = differences(&file("letters.json"), english.letters, data.letters, variables);
            letters.into_iter().chain(differences(&file("page.json"), english.page, data.page, slots))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_text_that_is_absent_or_different_is_named() {
    let english = r#"{"a": {"b": "{who} invites"}, "c": ["one", "two"]}"#;
    assert!(differences("it", english, english, slots).is_empty());
    let other = r#"{"a": {"b": "{chi}"}, "c": ["uno"], "d": " "}"#;
    assert_eq!(
        differences("it", english, other, slots),
        [
            "it lacks c.1",
            "it has d, and English has not",
            "it: d is empty",
            "it: a.b has the placeholders {\"chi\"} in place of {\"who\"}"
        ]
    );
    assert_eq!(
        variables("{% if account %}{{ to|strong }}{% endif %}"),
        BTreeSet::from(["account".into(), "to".into()])
    );
}

#[test]
fn no_key_is_there_twice() {
    for data in Locale::ALL.map(Locale::data) {
        for key in texts(&serde_json::from_str(data.letters).unwrap()).into_keys() {
            assert_eq!(
                data.letters.matches(&format!("\"{key}\":")).count(),
                1,
                "{} ({}): {key}",
                data.name,
                data.tag
            );
        }
    }
}

#[test]
fn every_form_of_a_date_is_one() {
    for data in Locale::ALL.map(Locale::data) {
        for (source, key) in [(data.letters, "moment"), (data.page, "date_format")] {
            let format = texts(&serde_json::from_str(source).unwrap()).remove(key).unwrap();
            let is_wrong = StrftimeItems::new(&format).any(|item| matches!(item, Item::Error));
            assert!(!is_wrong, "{} ({}): {key}: {format}", data.name, data.tag);
        }
    }
}

#[test]
fn every_folder_has_a_row() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/locales");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let folders =
        entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap());
    let tags: BTreeSet<String> = Locale::ALL.map(|locale| locale.data().tag.to_owned()).into();
    assert_eq!(folders.collect::<BTreeSet<_>>(), tags);
}
