//! The table of providers, compared with the files and the documentation.

use std::{collections::BTreeSet, path::Path};

use super::*;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_provider_s_file_has_its_row() {
    let files =
        std::fs::read_dir(root().join("src/mail/providers")).unwrap().map(|entry| entry.unwrap().path());
    let of_files: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| std::fs::read_to_string(path).unwrap().contains("const PROVIDER: MailProvider"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let of_rows: BTreeSet<String> = PROVIDERS.iter().map(|row| row.provider.name.to_owned()).collect();
    assert_eq!(of_files, of_rows, "the files of src/mail/providers/, and the rows of PROVIDERS");
    assert_eq!(of_rows.len(), PROVIDERS.len(), "a name stands in two rows");
}

#[test]
fn names_follow_from_the_provider_s() {
    for row in PROVIDERS {
        let name = row.provider.name;
        assert!(row.form().starts_with(name), "{name}: {}", row.form());
        if let Some(webhook) = &row.webhook {
            assert_eq!(webhook.variable, format!("MAIL_EVENTS_{}", name.to_uppercase()));
        }
    }
}

/// `tests/it/repository/readme.rs` compares the variables.
#[test]
fn the_documentation_has_every_provider() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let (readme, operations) = (read("README.md"), read("docs/operations.md"));
    for row in PROVIDERS {
        assert!(readme.contains(&format!("`{}`", row.form())), "README.md, MAIL_URL: {}", row.form());
        if row.delivers() {
            let is_row = |line: &str| line.starts_with(&format!("| `{}`", row.form()));
            assert!(operations.lines().any(is_row), "docs/operations.md has no row of {}", row.form());
        }
        if let Some(webhook) = &row.webhook {
            let (title, variable) = (row.provider.title, webhook.variable);
            let is_row = |line: &str| line.starts_with(&format!("| {title} |")) && line.contains(variable);
            assert!(
                operations.lines().any(is_row),
                "docs/operations.md has no row of {title} with {variable}"
            );
        }
    }
}
