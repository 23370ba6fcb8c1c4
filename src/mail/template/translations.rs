//! The words of one language, as a file has them: one flat JSON object, from the name of each text to the
//! text.
//!
//! Most texts are templates of a sentence; those that code looks up as they are, names of roles and of units
//! of time, are plain.

use std::collections::{BTreeMap, BTreeSet};

/// The words of one language.
#[derive(Debug, Clone, Default)]
pub(in crate::mail) struct Vocabulary {
    texts: BTreeMap<String, String>,
}

/// Something that is wrong with a file of words, and the line at which it is.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::mail) struct WordsFault {
    pub line: usize,
    pub text: String,
}

impl Vocabulary {
    /// No words at all.
    pub const fn empty() -> Self {
        Self { texts: BTreeMap::new() }
    }

    /// Reads a file, as complete as `model` is. What is missing is taken from `model`, so that the rest can
    /// be looked at.
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
                let text = format!("there are no words for {}", missing.join(", "));
                faults.push(WordsFault { line: source.lines().count(), text });
            }
            faults.extend(given.difference(&known).map(|name| WordsFault {
                line: line_of(source, &format!("\"{name}\"")),
                text: format!("no letter asks for {name:?}"),
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

    /// Gives up a text for another's of the same name.
    pub fn take_from(&mut self, other: &Self, name: &str) {
        if let Some(text) = other.texts.get(name) {
            self.texts.insert(name.to_owned(), text.clone());
        }
    }

    /// A text that is used as it is; its name, should there be none.
    pub fn plain<'a>(&'a self, name: &'a str) -> &'a str {
        self.texts.get(name).map_or(name, String::as_str)
    }

    /// The words for a thing with a name of our own, as a role.
    pub fn of(&self, kind: &str, name: &str) -> Option<&str> {
        self.texts.get(&format!("{kind}_{name}")).map(String::as_str)
    }

    /// The texts that are templates, each with its name.
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

/// The line of a text on which `piece` first stands; 1 when it stands nowhere.
pub(in crate::mail) fn line_of(text: &str, piece: &str) -> usize {
    text.lines().position(|line| line.contains(piece)).map_or(1, |at| at + 1)
}
