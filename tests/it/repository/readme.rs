//! The README's table of variables, compared with `--help`: the same names, with the same defaults.

use std::{collections::BTreeMap, path::Path};

use invitation_service::mail::PROVIDERS;

use crate::support::{Backend, Home};

/// The default of each variable. `None` is none that could be written down: the variable is off, or follows
/// from others.
type Defaults = BTreeMap<String, Option<String>>;

/// The row that stands for the variables of the providers' webhooks.
const OF_PROVIDERS: &str = "MAIL_EVENTS_PROVIDER";

/// The variables of `--help`: `  NAME [default]`, and on the next line the meaning, which may say `(default:
/// …)` of what follows.
fn of_help(help: &str) -> Defaults {
    let (_, table) = help.split_once("Environment:\n").expect("the table of variables");
    let lines: Vec<&str> = table.lines().take_while(|line| !line.trim().is_empty()).collect();
    let rows = lines.chunks(2);
    rows.map(|row| {
        let [head, meaning] = row else { panic!("{row:?} has no meaning") };
        let (name, default) = match head.trim().split_once(" [") {
            Some((name, default)) => (name, default.strip_suffix(']')),
            None => (head.trim(), derived(meaning)),
        };
        (name.to_owned(), default.map(str::to_owned))
    })
    .collect()
}

/// A default that follows from another variable, as `http://{LISTEN_ADDR}`.
fn derived(meaning: &str) -> Option<&str> {
    let (_, default) = meaning.rsplit_once("(default: ")?;
    default.strip_suffix(')').filter(|default| default.contains('{'))
}

/// The variables of the table under "Configuration": `` | `NAME` | `default` | meaning | ``. A row may hold
/// several, with a default each or one for all. A default in words is none.
fn of_readme(readme: &str) -> Defaults {
    let (_, section) = readme.split_once("\n## Configuration\n").expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let mut defaults = Defaults::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let names: Vec<&str> =
            cells[0].split(", ").map(|name| code(name).expect("a name in back-ticks")).collect();
        let each: Vec<&str> = cells[1].split(", ").collect();
        for (at, name) in names.iter().enumerate() {
            let own = if names.len() == each.len() { each[at] } else { cells[1] };
            for name in meant(name) {
                let twice = defaults.insert(name.to_owned(), code(own).map(str::to_owned));
                assert_eq!(twice, None, "{name} stands in two rows");
            }
        }
    }
    defaults
}

/// The variables that a name stands for: mostly itself alone.
fn meant(name: &str) -> Vec<&str> {
    if name != OF_PROVIDERS {
        return vec![name];
    }
    PROVIDERS.iter().filter_map(|provider| Some(provider.webhook.as_ref()?.variable)).collect()
}

/// What stands in back-ticks, where nothing else does.
fn code(text: &str) -> Option<&str> {
    text.strip_prefix('`')?.strip_suffix('`').filter(|text| !text.contains('`'))
}

#[test]
fn the_table_of_variables_is_that_of_help() {
    let help = of_help(&Home::new(Backend::Sqlite, &[]).print(&["--help"]));
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = of_readme(&std::fs::read_to_string(readme).unwrap());
    assert!(help.len() > 30, "{help:?}");
    let missing: Vec<&String> = help.keys().filter(|name| !readme.contains_key(*name)).collect();
    assert!(missing.is_empty(), "README.md has no row of {missing:?}");
    let unknown: Vec<&String> = readme.keys().filter(|name| !help.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "README.md explains {unknown:?}, which --help does not know");
    for (name, default) in &help {
        assert_eq!(&readme[name], default, "the default of {name}: README.md, then --help");
    }
}
