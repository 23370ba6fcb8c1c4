//! The floor plan as a test: which room may know which. `src/lib.rs` draws it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// The rooms, each with those that it may know. Itself it may know anyway.
const PLAN: [(&str, &[&str]); 12] = [
    ("locales", &[]),
    ("domain", &["locales"]),
    ("db", &["domain"]),
    ("mail", &["domain"]),
    // Makes ids, which are domain values.
    ("clock", &["domain"]),
    ("metrics", &[]),
    ("telemetry", &["config"]),
    // Reads variables into the values that rooms are furnished with.
    ("config", &["db", "domain", "mail"]),
    ("services", &["clock", "db", "domain"]),
    ("courier", &["clock", "db", "domain", "mail", "metrics"]),
    ("http", &["clock", "domain", "metrics", "services"]),
    ("app", &["clock", "config", "courier", "db", "domain", "http", "mail", "metrics", "services"]),
];
/// The command line stands before `app`, and knows what subcommands need.
const CLI: &[&str] = &["app", "clock", "config", "domain", "http", "mail", "services", "telemetry"];

/// Crates, each with the rooms that may name it, or a folder in one. `app` and `cli` start what runs; `cli/import` is a client of
/// our own API.
const CRATES: [(&str, &[&str]); 7] = [
    ("diesel", &["db"]),
    ("diesel_migrations", &["db"]),
    ("lettre", &["mail"]),
    ("reqwest", &["cli/import", "mail"]),
    ("actix_web", &["app", "cli", "http"]),
    ("utoipa", &["http"]),
    ("tokio", &["app", "cli", "courier", "db", "http", "mail", "services"]),
];
/// What would make the domain depend on when and where it runs.
const IMPURE: [&str; 11] = [
    "actix_web",
    "diesel",
    "tokio",
    "tracing",
    "rand",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time",
];

/// A source without comments and texts, cut into words and signs.
fn words(source: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let cut = |rest: &str, from: usize, end: &str| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
        let length = if rest.starts_with("//") {
            cut(rest, 2, "\n")
        } else if rest.starts_with("/*") {
            cut(rest, 2, "*/")
        } else if rest.starts_with("r#\"") {
            cut(rest, 3, "\"#")
        } else if c == '"' {
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, c)| {
                let ends = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |(at, _)| at + 1)
        } else if rest.starts_with("'\"'") || rest.starts_with("'{'") || rest.starts_with("'}'") {
            3
        } else if c.is_alphanumeric() || c == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            words.push(rest[..end].to_owned());
            end
        } else if rest.starts_with("::") {
            words.push("::".to_owned());
            2
        } else {
            if !c.is_whitespace() {
                words.push(c.to_string());
            }
            c.len_utf8()
        };
        rest = &rest[length..];
    }
    words
}

/// Every path that the words spell out, groups multiplied out: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(words: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let starts = words.get(at + 1).is_some_and(|next| next == "::") && (at == 0 || words[at - 1] != "::");
        if starts { at = tree(words, at, &[], &mut found) } else { at += 1 }
    }
    found
}

fn tree(words: &[String], mut at: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match words.get(at).map(String::as_str) {
            Some("{") => {
                at += 1;
                while words.get(at).is_some_and(|word| word != "}") {
                    at = tree(words, at, &path, found);
                    // Past ` as name` and the comma.
                    while words.get(at).is_some_and(|word| word != "," && word != "}") {
                        at += 1;
                    }
                    at += usize::from(words.get(at).is_some_and(|word| word == ","));
                }
                return at + 1;
            }
            Some(word) => path.push(word.to_owned()),
            None => break,
        }
        at += 1;
        if words.get(at).is_none_or(|word| word != "::") {
            break;
        }
        at += 1;
    }
    found.push(path);
    at
}

/// What is wrong with a source at `place`, a room or something in one, whose module stands `depth` steps below the crate's root.
fn faults(place: &str, depth: usize, source: &str) -> BTreeSet<String> {
    let room = place.split('/').next().unwrap();
    let is_in = |name: &str| place.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let allowed = PLAN.iter().find(|(name, _)| *name == room).map_or(CLI, |(_, allowed)| allowed);
    let is_room = |name: &str| name == "cli" || PLAN.iter().any(|(room, _)| *room == name);
    let words = words(source);
    let mut faults = BTreeSet::new();
    for path in paths(&words) {
        let supers = path.iter().take_while(|step| *step == "super").count();
        let steps = match path.first().map(String::as_str) {
            Some("crate") => &path[1..],
            Some("super") if supers >= depth => &path[supers..],
            _ => &path[..0],
        };
        if steps.first().is_some_and(|to| *to != room && is_room(to) && !allowed.contains(&to.as_str())) {
            faults.insert(format!("{room} -> {}", steps.join("::")));
        }
        for (name, rooms) in CRATES {
            if path[0] == name && !rooms.iter().any(|room| is_in(room)) {
                faults.insert(format!("{room} says {name}"));
            }
        }
        for name in IMPURE.iter().filter(|_| room == "domain") {
            if path.join("::").starts_with(name) && path[0] == name.split("::").next().unwrap() {
                faults.insert(format!("domain says {name}"));
            }
        }
        if room != "clock" && path.len() == 2 && matches!(path[0].as_str(), "Utc" | "Local" | "SystemTime") && path[1] == "now" {
            faults.insert(format!("{room} asks for the time itself"));
        }
    }
    faults
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    found.sort();
    found
}

#[test]
fn every_arrow_is_on_the_plan() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&src);
    assert!(files.len() > 80, "{}", files.len());
    let mut found = Vec::new();
    for file in files {
        let steps: Vec<&str> = file.strip_prefix(&src).unwrap().iter().map(|step| step.to_str().unwrap()).collect();
        let room = steps[0].trim_end_matches(".rs");
        if ["lib", "main"].contains(&room) {
            continue;
        }
        assert!(room == "cli" || PLAN.iter().any(|(name, _)| *name == room), "the plan has no room {room}");
        let depth = steps.len() - usize::from(steps.len() > 1 && steps.last() == Some(&"mod.rs"));
        let source = std::fs::read_to_string(&file).unwrap();
        let place = steps.join("/");
        found.extend(
            faults(place.trim_end_matches(".rs"), depth, &source)
                .into_iter()
                .map(|fault| format!("{}: {fault}", steps.join("/"))),
        );
    }
    assert!(found.is_empty(), "not on the plan:\n{}", found.join("\n"));
}

#[test]
fn wrong_arrows_are_seen_however_they_are_drawn() {
    for (room, depth, source, fault) in [
        ("domain", 2, "use crate::db::Db;", "domain -> db::Db"),
        ("services", 2, "use crate::{clock::Clock, mail::{Mailer, MailUrl as Url}, db::Db};", "services -> mail::MailUrl"),
        ("services", 2, "use crate::{\n    domain::{\n        ids::Id,\n    },\n    http,\n};", "services -> http"),
        ("http", 3, "fn f() { crate::db::users::list(c, &f) }", "http -> db::users::list"),
        ("http", 2, "use crate::db::{DbFault, Tx};", "http -> db::Tx"),
        ("http", 2, "use crate::{db::DbFault, services::Refusal};", "http -> db::DbFault"),
        ("courier", 2, "type T = Vec<crate::services::Services>;", "courier -> services::Services"),
        ("clock", 1, "use super::db;", "clock -> db"),
        ("db", 2, "use super::super::mail::Mailer;", "db -> mail::Mailer"),
        ("services", 2, "use diesel::prelude::*;", "services says diesel"),
        ("courier", 2, "let c = reqwest::Client::new();", "courier says reqwest"),
        ("cli/token", 2, "use reqwest::Client;", "cli says reqwest"),
        ("cli/import/service", 3, "use crate::db::Db;", "cli -> db::Db"),
        ("services", 2, "use actix_web::{HttpRequest, web::Data};", "services says actix_web"),
        ("domain", 2, "let home = std::env::var(\"HOME\");", "domain says std::env"),
        ("domain", 2, "use std::{fmt, time::Instant};", "domain says std::time"),
        ("services", 2, "let now = Utc::now();", "services asks for the time itself"),
    ] {
        assert!(faults(room, depth, source).contains(fault), "{source}: {:?}", faults(room, depth, source));
    }
    for (room, depth, source) in [
        (
            "domain",
            2,
            "// use crate::db::Db;\n//! [`crate::db`]\n/* crate::db */ let s = \"crate::db::Db \\\" crate::db\"; let c = '\"';",
        ),
        ("domain", 2, "use super::*; use crate::domain::ids::Id; use std::fmt;"),
        ("services", 2, "pub(crate) use crate::db::{users::{self, LockedUser}, DbFault};"),
        ("clock", 1, "mod tests { use super::*; }"),
        ("cli/import/service", 3, "use reqwest::Client;"),
    ] {
        assert_eq!(faults(room, depth, source), BTreeSet::new(), "{source}");
    }
}
