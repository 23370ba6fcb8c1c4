use chrono::TimeDelta;
use secrecy::SecretString;

use super::*;
use crate::{
    domain::{invitation::InvitationKind, locale::Locale},
    mail::{
        samples,
        testing::{LINK, letter, now},
    },
};

fn written(letter: &Letter) -> Rendered {
    render(letter, Tz::Europe__Amsterdam).unwrap()
}

/// Text on one line, so that a test does not depend on where it is broken.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn english() {
    let words = written(&letter());
    assert_eq!(words.subject, "Anna de Vries invites you to join Voltmark");
    assert!(words.text.starts_with("Anna de Vries invites you to join Voltmark.\n\n"));
    for part in [flat(&words.text), flat(&words.html)] {
        for wanted in [
            "User manager",
            "Finance",
            LINK,
            "24 hours",
            "Wednesday 25 November 2026 at 14:03 (CET)",
            "once",
            "Not meant for you?",
        ] {
            assert!(part.contains(wanted), "{wanted}: {part}");
        }
    }
    assert!(words.text.contains("\n\n  * User manager\n  * Finance\n\nAccept"), "{}", words.text);
}

#[test]
fn dutch() {
    let mut letter = letter();
    letter.locale = Locale::Nl;
    letter.expires_at = letter.now + TimeDelta::minutes(90);
    let words = written(&letter);
    assert_eq!(words.subject, "Anna de Vries nodigt je uit voor Voltmark");
    for part in [flat(&words.text), flat(&words.html)] {
        for wanted in [
            "Gebruikersbeheerder",
            "Financi\u{eb}n",
            LINK,
            "90 minuten",
            "dinsdag 24 november 2026 om 15:33 (CET)",
            "\u{e9}\u{e9}n keer",
            "Niet voor jou bedoeld?",
        ] {
            assert!(part.contains(wanted), "{wanted}: {part}");
        }
    }
    assert!(words.html.contains("<html lang=\"nl\">"));
}

#[test]
fn every_kind_in_every_language_names_everyone_and_loads_nothing() {
    let all = samples(now());
    assert_eq!(all.len(), 6);
    for (name, letter) in all {
        let words = written(&letter);
        let first = words.text.lines().next().unwrap();
        for line in [words.subject.as_str(), first] {
            assert!(line.contains("Grace Hopper") && line.contains("Example Charging"), "{name}: {line}");
        }
        assert_eq!(letter.kind == InvitationKind::SystemUser, words.text.contains("  * "), "{name}");
        assert!(!words.text.contains("\n\n\n") && !words.text.contains("{{"), "{name}: {}", words.text);
        for outside in ["<img", "src=", "<link", "@import", "url(", "<script"] {
            assert!(!words.html.contains(outside), "{name}: {outside}");
        }
        assert_eq!(words.html.matches("https://").count(), words.html.matches("https://example.com/activate?token=").count());
        assert!(words.text.lines().all(|line| line.chars().count() < 80 || line.contains("token=")), "{name}: {}", words.text);
    }
}

#[test]
fn one_role_and_none_read_well() {
    let mut letter = letter();
    letter.roles = vec!["viewer"];
    assert!(written(&letter).text.contains("in this role:\n\n  * Viewer (read only)\n\nAccept"));
    letter.roles.clear();
    assert!(flat(&written(&letter).text).contains("charging platform. Accept"));
}

#[test]
fn html_escapes_every_name() {
    let mut letter = letter();
    letter.inviter = "<script>alert('x')</script> \"Ada\" & co".to_owned();
    letter.organisation = "<b>Volt</b>".to_owned();
    letter.link = SecretString::from("https://example.com/a?b=1&token=\"><script>".to_owned());
    let words = written(&letter);
    assert!(!words.html.contains("<script") && !words.html.contains("<b>"));
    assert!(words.html.contains("&lt;script&gt;alert(") && words.html.contains("&amp; co"));
    assert!(words.html.contains("href=\"https://example.com/a?b=1&amp;token=&quot;&gt;&lt;script&gt;\""));
    assert!(words.text.contains("<script>alert('x')</script> \"Ada\" & co") && words.text.contains("?b=1&token="));
}

#[test]
fn a_nameless_inviter_is_the_organisation() {
    let mut letter = letter();
    letter.inviter = " \r\n".to_owned();
    assert_eq!(written(&letter).subject, "Voltmark invites you to join Voltmark");
}

#[test]
fn shows_itself_to_nobody() {
    assert_eq!(format!("{:?}", written(&letter())), "Rendered");
}
