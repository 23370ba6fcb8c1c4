//! The dependency rule as a test: which module may use which module and which crate. `docs/architecture.md`
//! draws it.

mod circles;
mod paths;
mod picture;
mod references;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use self::{
    paths::{from_root, paths},
    picture::{Dependencies, redraw},
};

/// The modules, each with those that it may use. No module is above one that uses it.
const RULE: [(&str, &[&str]); 16] = [
    ("locales", &[]),
    ("domain", &["locales"]),
    ("metrics", &[]),
    // Makes spans in which everything below may run, and exports them with the metrics.
    ("otel", &["domain", "metrics"]),
    ("db", &["domain", "otel"]),
    ("mail", &["domain"]),
    // Makes ids, which are domain values.
    ("clock", &["domain"]),
    // Fetches the keys of identity providers, and verifies their tokens.
    ("identity", &["clock", "domain"]),
    ("telemetry", &["config"]),
    // Reads variables into the types of the modules that they configure.
    ("config", &["db", "domain", "identity", "mail", "otel"]),
    ("services", &["clock", "db", "domain", "identity"]),
    ("courier", &["clock", "db", "domain", "mail", "metrics", "otel"]),
    // Sends webhooks to partners' endpoints.
    ("dispatcher", &["clock", "db", "domain", "metrics", "otel"]),
    ("http", &["clock", "domain", "metrics", "otel", "services"]),
    (
        "app",
        &[
            "clock",
            "config",
            "courier",
            "db",
            "dispatcher",
            "domain",
            "http",
            "mail",
            "metrics",
            "otel",
            "services",
        ],
    ),
    ("cli", &["app", "clock", "config", "domain", "http", "mail", "services", "telemetry"]),
];

/// Crates, each with the modules that may use it. `app` and `cli` start what runs; `cli/import` is a client
/// of our own API.
const CRATES: [(&str, &[&str]); 12] = [
    ("diesel", &["db"]),
    ("diesel_migrations", &["db"]),
    ("lettre", &["mail"]),
    ("reqwest", &["cli/bounce", "cli/import", "dispatcher", "identity", "mail", "otel"]),
    ("opentelemetry", &["otel"]),
    ("opentelemetry_sdk", &["otel"]),
    ("opentelemetry_proto", &["otel"]),
    ("prost", &["otel"]),
    ("actix_web", &["app", "cli", "http"]),
    ("utoipa", &["http"]),
    ("tokio_util", &["app", "cli", "courier", "dispatcher", "otel", "services"]),
    ("tokio", &["app", "cli", "courier", "db", "dispatcher", "http", "identity", "mail", "otel", "services"]),
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

/// One file of `src`.
struct Source {
    /// Its path without the extension, as `db/pool`.
    module: String,
    text: String,
}

impl Source {
    fn new(module: &str, text: &str) -> Self {
        Self { module: module.to_owned(), text: text.to_owned() }
    }

    /// The module of the crate's root that it belongs to.
    fn top(&self) -> &str {
        self.module.split('/').next().unwrap()
    }

    /// How far below the crate's root it is.
    fn depth(&self) -> usize {
        self.module.split('/').count()
    }

    fn is_in(&self, module: &str) -> bool {
        self.module.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The other modules of the crate's root that it uses, each with the whole path.
    fn uses(&self) -> Vec<(String, String)> {
        let is_module = |name: &str| RULE.iter().any(|(module, _)| *module == name);
        let paths = paths(&self.text);
        let steps = paths.iter().filter_map(|path| from_root(path, self.depth()));
        let other = steps.filter(|steps| steps.first().is_some_and(|to| to != self.top() && is_module(to)));
        other.map(|steps| (steps[0].clone(), steps.join("::"))).collect()
    }

    fn violations(&self) -> BTreeSet<String> {
        let top = self.top();
        let allowed = RULE.iter().find(|(name, _)| *name == top).unwrap().1;
        let forbidden = self.uses().into_iter().filter(|(to, _)| !allowed.contains(&to.as_str()));
        let mut found: BTreeSet<String> = forbidden.map(|(_, path)| format!("{top} -> {path}")).collect();
        for path in paths(&self.text) {
            let is_crate_here = |modules: &[&str]| modules.iter().any(|module| self.is_in(module));
            let crates = CRATES.iter().filter(|(name, modules)| path[0] == *name && !is_crate_here(modules));
            found.extend(crates.map(|(name, _)| format!("{top} uses {name}")));
            let is_named = |name: &&&str| {
                path[0] == name.split("::").next().unwrap() && path.join("::").starts_with(**name)
            };
            found.extend(
                IMPURE
                    .iter()
                    .filter(|_| top == "domain")
                    .filter(is_named)
                    .map(|name| format!("domain uses {name}")),
            );
            let is_now = path.len() == 2
                && matches!(path[0].as_str(), "Utc" | "Local" | "SystemTime")
                && path[1] == "now";
            if is_now && top != "clock" {
                found.insert(format!("{top} reads the time itself"));
            }
        }
        found
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    found.sort();
    found
}

/// Everything in `src` but the two roots.
fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let module =
        |file: &Path| file.strip_prefix(&src).unwrap().with_extension("").to_str().unwrap().to_owned();
    let files = files(&src)
        .into_iter()
        .map(|file| Source::new(&module(&file), &std::fs::read_to_string(&file).unwrap()));
    files.filter(|source| !["lib", "main"].contains(&source.module.as_str())).collect()
}

#[test]
fn every_dependency_follows_the_rule() {
    let sources = sources();
    assert!(sources.len() > 80, "{}", sources.len());
    let mut found = Vec::new();
    for source in sources {
        assert!(
            RULE.iter().any(|(name, _)| *name == source.top()),
            "the rule has no module {}",
            source.top()
        );
        assert!(
            !source.module.ends_with("/mod"),
            "{}: a module is foo.rs beside foo/, not foo/mod.rs",
            source.module
        );
        found.extend(
            source.violations().into_iter().map(|violation| format!("{}: {violation}", source.module)),
        );
    }
    assert!(found.is_empty(), "against the dependency rule:\n{}", found.join("\n"));
}

/// `make architecture` sets `WRITE_ARCHITECTURE` and so writes the picture.
#[test]
fn the_picture_is_that_of_the_code() {
    let mut dependencies: Dependencies =
        RULE.iter().map(|(module, _)| ((*module).to_owned(), BTreeSet::new())).collect();
    for source in sources() {
        let used = source.uses().into_iter().map(|(to, _)| to);
        dependencies.get_mut(source.top()).unwrap().extend(used);
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let document = std::fs::read_to_string(&file).unwrap();
    let redrawn =
        redraw(&document, &dependencies).expect("docs/architecture.md has no place for the picture");
    if std::env::var_os("WRITE_ARCHITECTURE").is_some() {
        std::fs::write(&file, redrawn).unwrap();
    } else {
        assert!(
            document == redrawn,
            "the picture in docs/architecture.md is not that of the code: run `make architecture`"
        );
    }
}

#[test]
fn violations_are_found_however_they_are_written() {
    for (module, source, violation) in [
        ("domain/a", "use crate::db::Db;", "domain -> db::Db"),
        (
            "services/a",
            "use crate::{clock::Clock, mail::{Mailer, MailUrl as Url}, db::Db};",
            "services -> mail::MailUrl",
        ),
        (
            "services/a",
            "use crate::{\n    domain::{\n        ids::Id,\n    },\n    http,\n};",
            "services -> http",
        ),
        ("http/a/b", "fn f() { crate::db::users::list(c, &f) }", "http -> db::users::list"),
        ("http/a", "use crate::db::{DbFault, Tx};", "http -> db::Tx"),
        ("http/a", "use crate::{db::DbFault, services::ServiceError};", "http -> db::DbFault"),
        ("courier/a", "type T = Vec<crate::services::Services>;", "courier -> services::Services"),
        ("clock", "use super::db;", "clock -> db"),
        ("db/a", "use super::super::mail::Mailer;", "db -> mail::Mailer"),
        ("services/a", "use diesel::prelude::*;", "services uses diesel"),
        ("courier/a", "let c = reqwest::Client::new();", "courier uses reqwest"),
        ("cli/token", "use reqwest::Client;", "cli uses reqwest"),
        ("cli/import/service", "use crate::db::Db;", "cli -> db::Db"),
        ("services/a", "use actix_web::{HttpRequest, web::Data};", "services uses actix_web"),
        ("domain/a", "let home = std::env::var(\"HOME\");", "domain uses std::env"),
        ("domain/a", "use std::{fmt, time::Instant};", "domain uses std::time"),
        ("services/a", "let now = Utc::now();", "services reads the time itself"),
    ] {
        let found = Source::new(module, source).violations();
        assert!(found.contains(violation), "{source}: {found:?}");
    }
    for (module, source) in [
        (
            "domain/a",
            "// use crate::db::Db;\n//! [`crate::db`]\n/* crate::db */ let s = \"crate::db::Db \\\" \
            crate::db\"; let c = '\"';",
        ),
        ("domain/a", "use super::*; use crate::domain::ids::Id; use std::fmt;"),
        ("services/a", "pub(crate) use crate::db::{users::{self, LockedUser}, DbFault};"),
        ("clock", "mod tests { use super::*; }"),
        ("cli/import/service", "use reqwest::Client;"),
    ] {
        assert_eq!(Source::new(module, source).violations(), BTreeSet::new(), "{source}");
    }
}
