//! Tries templates at start, so that their errors show before a letter is sent.

use std::collections::BTreeSet;

use chrono::DateTime;
use secrecy::ExposeSecret;

use super::{Rendered, Templates, files::Files};
use crate::{
    domain::{letter::Letter, time_zone::TimeZone},
    mail::{sample_letters, template::translations::line_of},
};

/// The variables of sentences and templates.
const ABOUT: [&str; 13] = [
    "kind",
    "purpose",
    "locale",
    "roles",
    "account",
    "parent",
    "endpoints",
    "api_url",
    "to",
    "valid_for",
    "expires_at",
    "inviter",
    "organisation",
];
/// Further variables of templates.
const TEXTS: [&str; 13] = [
    "reminder",
    "introduction",
    "roles_label",
    "button",
    "action",
    "expiry",
    "secret",
    "fallback",
    "stranger",
    "footer",
    "headline",
    "subject",
    "link",
];

/// Checks every template and renders every sample; adds the errors.
pub(super) fn try_out(templates: &Templates, files: &Files, faults: &mut Vec<String>) {
    let mut found = BTreeSet::new();
    unknown_variables(templates, files, &mut found);
    for (_, letter) in sample_letters::every_variant(DateTime::UNIX_EPOCH) {
        match templates.compose(&letter, &TimeZone::utc()) {
            Err(error) => {
                let fault = describe(&error, files);
                let place = fault.splitn(3, ':').take(2).collect::<Vec<_>>().join(":");
                // An error that is known for that place already is more precise.
                if !faults.iter().chain(&found).any(|known| known.starts_with(&format!("{place}:"))) {
                    found.insert(fault);
                }
            }
            Ok(words) => found.extend(omissions(&letter, &words)),
        }
    }
    faults.extend(found);
}

/// Parts without the link, and an empty subject.
fn omissions(letter: &Letter, words: &Rendered) -> Vec<String> {
    let link = letter.link.expose_secret();
    let parts = [("letter.txt", &words.text), ("letter.html", &words.html)];
    let without_link = parts.iter().filter(|(_, text)| !text.contains(link));
    let mut found: Vec<String> =
        without_link.map(|(name, _)| format!("{name}:1: does not show the link")).collect();
    if words.subject.is_empty() {
        found.push(format!("{}:1: the subject of a letter is empty", letter.locale.data().letters_file));
    }
    found
}

/// Unknown variables in templates, also in branches that no sample takes.
fn unknown_variables(templates: &Templates, files: &Files, found: &mut BTreeSet<String>) {
    let environment = &templates.environment;
    let globals: Vec<&str> = environment.globals().map(|(name, _)| name).collect();
    for (name, template) in environment.templates() {
        let (file, sentence) = place(name);
        for variable in template.undeclared_variables(false) {
            let variable = variable.as_str();
            let texts =
                sentence.is_none() || (sentence == Some("subject_reminder") && variable == "headline");
            let known = ABOUT.contains(&variable)
                || globals.contains(&variable)
                || (texts && TEXTS.contains(&variable));
            if !known {
                let text = files.named(file).map_or("", |file| &file.text);
                let line = sentence.map_or_else(
                    || line_of(text, variable),
                    |sentence| line_of(text, &format!("\"{sentence}\"")),
                );
                found.insert(format!("{file}:{line}: unknown variable `{variable}`"));
            }
        }
    }
}

/// The file and the sentence of a template's name: `words.en.json/expiry.html`.
fn place(name: &str) -> (&str, Option<&str>) {
    match name.split_once('/') {
        Some((file, sentence)) => (file, sentence.rsplit_once('.').map(|(sentence, _)| sentence)),
        None => (name, None),
    }
}

/// An error in the operator's form: `letter.txt:3: syntax error: …`.
pub(super) fn describe(error: &minijinja::Error, files: &Files) -> String {
    let (file, sentence) = place(error.name().unwrap_or_default());
    let line = match (sentence, files.named(file)) {
        (Some(sentence), Some(file)) => line_of(&file.text, &format!("\"{sentence}\"")),
        _ => error.line().unwrap_or(1),
    };
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{file}:{line}: {}{detail}", error.kind())
}
