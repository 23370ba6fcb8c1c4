//! The texts of one language, from a file: one flat JSON object, with a key for each text.
//!
//! Most texts are templates of a sentence; names of roles and units of time are plain, since code looks them
//! up.

use std::collections::{BTreeMap, BTreeSet};

/// The texts of one language.
#[derive(Debug, Clone, Default)]
pub(in crate::mail) struct Vocabulary {
    texts: BTreeMap<String, String>,
}

/// An error in a file of texts, and its line.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::mail) struct WordsFault {
    pub line: usize,
    pub text: String,
}

impl Vocabulary {
    /// No texts.
    pub const fn empty() -> Self {
        Self { texts: BTreeMap::new() }
    }

    /// Parses a file, which must have the keys of `model`. Missing texts are taken from `model`, so that the
    /// rest can be checked.
    pub fn read(source: &str, model: Option<&Self>) -> (Self, Vec<WordsFault>) {
        let mut texts: BTreeMap<String, String> = match serde_json::from_str(source) {
            Ok(texts) => texts,
            Err(error) => {
                let fault = WordsFault { line: error.line(), text: error.to_string() };
                return (model.cloned().unwrap_or_default(), vec![fault]);
            }
        };
        let mut faults = Vec::new();
        if let Some(model) = model {
            let (known, given): (BTreeSet<&String>, BTreeSet<&String>) =
                (model.texts.keys().collect(), texts.keys().collect());
            let missing: Vec<&str> = known.difference(&given).map(|name| name.as_str()).collect();
            if !missing.is_empty() {
                let text = format!("missing keys: {}", missing.join(", "));
                faults.push(WordsFault { line: source.lines().count(), text });
            }
            faults.extend(given.difference(&known).map(|name| WordsFault {
                line: line_of(source, &format!("\"{name}\"")),
                text: format!("unknown key {name:?}"),
            }));
            let lacking: Vec<String> = known.difference(&given).map(|name| (*name).clone()).collect();
            texts.extend(
                lacking
                    .into_iter()
                    .filter_map(|name| model.texts.get(&name).cloned().map(|text| (name, text))),
            );
        }
        (Self { texts }, faults)
    }

    /// Replaces a text by that of `other` with the same key.
    pub fn take_from(&mut self, other: &Self, name: &str) {
        if let Some(text) = other.texts.get(name) {
            self.texts.insert(name.to_owned(), text.clone());
        }
    }

    /// A plain text; its key, if there is none.
    pub fn plain<'a>(&'a self, name: &'a str) -> &'a str {
        self.texts.get(name).map_or(name, String::as_str)
    }

    /// The display text of a value, such as a role.
    pub fn of(&self, kind: &str, name: &str) -> Option<&str> {
        self.texts.get(&format!("{kind}_{name}")).map(String::as_str)
    }

    /// The texts that are templates, each with its key.
    pub fn sentences(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .filter(|(name, _)| !is_plain(name))
    }
}

fn is_plain(name: &str) -> bool {
    name == "moment" || name.starts_with("role_") || name.ends_with("_one") || name.ends_with("_many")
}

/// The line of a text on which `piece` first occurs; 1 when it does not occur.
pub(in crate::mail) fn line_of(text: &str, piece: &str) -> usize {
    text.lines().position(|line| line.contains(piece)).map_or(1, |at| at + 1)
}
