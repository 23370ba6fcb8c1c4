//! The files of an operator's own templates.

use std::path::Path;

use super::super::*;
use crate::{
    domain::locale::Locale,
    mail::testing::{LINK, letter},
};

/// The errors of a folder with these files.
fn faults(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    Templates::from_folder(folder.path()).err().unwrap_or_default()
}

#[test]
fn the_built_in_files_are_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(write_built_in(folder.path()).unwrap().len(), 2 + Locale::ALL.len());
    Templates::from_folder(folder.path()).unwrap();
    assert!(write_built_in(folder.path()).unwrap_err().contains("letter.txt cannot be written"));
}

#[test]
fn a_file_replaces_the_built_in_one_of_its_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("letter.txt"), "Dear {{ to }}\n{{ link }}\n").unwrap();
    std::fs::write(folder.path().join(".hidden"), "{{").unwrap();
    let words = Templates::from_folder(folder.path()).unwrap().render(&letter(), &TimeZone::utc()).unwrap();
    assert_eq!(words.text, format!("Dear Ada@example.com\n{LINK}\n"));
    assert!(words.html.contains("Accept the invitation"));
}

#[test]
fn every_faulty_file_is_named_at_once_with_the_line() {
    let english = Locale::En.data().letters;
    let words = english
        .replace("\"footer\": \"Sent", "\"footer\": \"{{ sender }} sent")
        .replace("\"button\":", "\"buton\":");
    let found = faults(&[
        ("letter.txt", "\n\n{% if purpose %}{{ link }}"),
        ("letter.html", "{{ link }}\n{% if kind == 'nobody' %}{{ inviterr }}{% endif %}"),
        ("words.en.json", &words),
        ("words.nl.json", "{\n  \"a\": \"b\",\n"),
        ("words.xx.json", "{}"),
    ]);
    let line =
        |name: &str| english.lines().position(|line| line.contains(&format!("\"{name}\""))).unwrap() + 1;
    for wanted in [
        "letter.txt:3: syntax error".to_owned(),
        "letter.html:2: unknown variable `inviterr`".to_owned(),
        format!("words.en.json:{}: unknown variable `sender`", line("footer")),
        format!("words.en.json:{}: unknown key \"buton\"", line("button")),
        "missing keys: button".to_owned(),
        "words.nl.json:".to_owned(),
        "words.xx.json: letters have no file of that name".to_owned(),
    ] {
        assert!(found.iter().any(|fault| fault.contains(&wanted)), "{wanted}: {found:#?}");
    }
    assert_eq!(found.len(), 7, "{found:#?}");
}

#[test]
fn a_letter_without_its_link_and_a_date_that_is_none_are_refused() {
    assert_eq!(
        faults(&[("letter.html", "<p>{{ headline }}</p>")]),
        ["letter.html:1: does not show the link"]
    );
    let words = Locale::Fr.data().letters.replace("%A %-d", "%Q %-d");
    let line = words.lines().position(|line| line.contains("\"moment\"")).unwrap() + 1;
    let found = faults(&[("words.fr.json", &words)]);
    assert_eq!(found, [format!("words.fr.json:{line}: \"moment\" is no valid strftime format")]);
    assert!(faults(&[]).is_empty());
    assert!(Templates::from_folder(Path::new("/nowhere")).unwrap_err()[0].contains("cannot be read"));
}
