//! The list of languages: wherever it is shown, it is the same.

use std::path::Path;

use invitation_service::domain::locale::Locale;

use super::{document, schema::faults};
use crate::support::json;

/// The contract takes every language that there is, however it is written, and no other: nothing lists them
/// but the languages themselves.
#[test]
fn every_language_is_in_every_list_of_languages() {
    let document = document();
    let tag = json!({ "$ref": "#/components/schemas/LanguageTag" });
    let takes = |text: &str| faults(&document, &tag, &json!(text)).is_empty();
    let known = Locale::ALL.map(Locale::as_str);
    for language in known {
        for text in [
            language.to_owned(),
            language.to_uppercase(),
            format!("{language}-BE"),
            format!("{language}_Latn_AT-1996"),
        ] {
            assert!(takes(&text) && Locale::parse(&text).is_ok(), "{text}");
        }
    }
    for text in ["", "xx", "eng", "nl-", "nl-!", "-nl", "english", "es-ES", "e", "fr nl"] {
        assert!(!takes(text) && Locale::parse(text).is_err(), "{text}");
    }
    let list = known.join(", ");
    let described = document["components"]["schemas"]["LanguageTag"]["description"].as_str().unwrap();
    assert!(described.contains(&list), "{described}");
    assert_eq!(document["components"]["schemas"]["Locale"]["enum"], json!(known));
    let help = invitation_service::config::help();
    assert!(help.contains(&format!("known one either: {list}")) && !help.contains("{languages}"), "{help}");
    assert!(Locale::parse("xx").unwrap_err().to_string().contains(&list));
    let fault = invitation_service::config::Config::read(|name| (name == "LOCALE").then(|| "xx".to_owned()))
        .err()
        .unwrap();
    assert!(
        fault.iter().any(|fault| fault.0.contains(&format!("LOCALE: is not one of: {list}"))),
        "{fault:?}"
    );
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let row = readme.lines().find(|line| line.starts_with("| `LOCALE`")).unwrap();
    assert!(known.iter().all(|language| row.contains(&format!("`{language}`"))), "{row}");
}
