//! The table of providers, compared with the files and with `--help`.

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

#[test]
fn help_explains_every_provider() {
    let help = provider_guide();
    for row in PROVIDERS {
        let (name, section) = (row.provider.name, row.section());
        assert!(help.contains(&section) && section.contains(&row.usage()), "{name}: {help}");
        let webhook = row.webhook.iter().flat_map(|webhook| webhook.guide.lines());
        for (heading, words) in row.guide.lines().into_iter().chain(webhook) {
            assert!(section.contains(&format!("      {heading}")) && section.contains(words), "{section}");
            assert!(!words.is_empty() && !words.ends_with('.'), "{name}, {heading}: {words}");
        }
        let Some(webhook) = &row.webhook else { continue };
        assert!(section.contains(webhook.variable), "{section}");
        let header = row.smtp_server.as_ref().map_or("", |server| server.id);
        assert!(webhook.guide.over_smtp.contains(header), "{name}: by SMTP, {header}");
    }
}
