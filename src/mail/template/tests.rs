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
fn every_letter_in_every_language_names_everyone_and_loads_nothing() {
    let all = samples(now());
    assert_eq!(all.len(), 5 * 2 * Locale::ALL.len());
    for (name, letter) in all {
        let words = written(&letter);
        let first = words.text.split("\n\n").next().unwrap();
        for line in [words.subject.as_str(), first] {
            assert!(line.contains("Grace Hopper") && line.contains("Example Charging"), "{name}: {line}");
        }
        let account = letter.account.as_ref();
        for shown in account.iter().flat_map(|account| [&account.name, &account.parent_name]).flatten() {
            assert!(flat(&words.text).contains(shown.as_str()) && words.html.contains(shown.as_str()), "{name}: {shown}");
        }
        assert_eq!(letter.kind == InvitationKind::SystemUser, words.text.contains("  * "), "{name}");
        assert!(!words.text.contains("\n\n\n") && !words.text.contains("{{"), "{name}: {}", words.text);
        for outside in ["<img", "src=", "<link", "@import", "url(", "<script"] {
            assert!(!words.html.contains(outside), "{name}: {outside}");
        }
        for wanted in
            ["color-scheme", "prefers-color-scheme: dark", "max-width: 480px", &format!("lang=\"{}\"", letter.locale.as_str())]
        {
            assert!(words.html.contains(wanted), "{name}: {wanted}");
        }
        assert_eq!(words.html.matches("https://").count(), words.html.matches("https://example.com/activate?token=").count());
        assert!(words.text.lines().all(|line| line.chars().count() < 80 || line.contains("token=")), "{name}: {}", words.text);
    }
}

#[test]
fn a_further_owner_opens_no_account() {
    let subject = |wanted: &str| {
        let (_, letter) = samples(now()).into_iter().find(|(name, _)| name == wanted).unwrap();
        let words = written(&letter);
        assert_eq!(words.text.contains("exists already"), wanted.contains("further"), "{}", words.text);
        words.subject
    };
    assert_eq!(
        subject("invitation-account_owner-en"),
        "Grace Hopper invites you to open the account Acme B.V. with Example Charging"
    );
    assert_eq!(
        subject("invitation-further_owner-en"),
        "Grace Hopper invites you to manage the account Acme B.V. with Example Charging"
    );
    assert_eq!(subject("invitation-driver-en"), "Grace Hopper invites you to charge with Example Charging");
}

#[test]
fn a_reminder_says_that_it_is_one_and_how_long_is_left() {
    let starts = ["Reminder: Grace", "Herinnering: Grace", "Erinnerung: Grace", "Rappel\u{a0}: Grace"];
    let left = ["for 4 hours more", "nog 4 uur lang", "noch 4 Stunden lang", "encore 4 heures"];
    for ((locale, start), left) in Locale::ALL.into_iter().zip(starts).zip(left) {
        let name = format!("reminder-driver-{}", locale.as_str());
        let (_, letter) = samples(now()).into_iter().find(|(known, _)| *known == name).unwrap();
        let words = written(&letter);
        assert!(words.subject.starts_with(start), "{}", words.subject);
        assert!(flat(&words.text).contains(left), "{}", words.text);
        assert!(words.text.starts_with("Grace Hopper "), "{}", words.text);
    }
}

#[test]
fn one_role_and_none_read_well() {
    let mut letter = letter();
    letter.roles = vec!["viewer"];
    assert!(written(&letter).text.contains("Your role:\n\n  * Viewer (read only)\n\nAccept"));
    letter.roles.clear();
    assert!(flat(&written(&letter).text).contains("charging platform. Accept"));
}

#[test]
fn html_escapes_every_name() {
    let mut letter = letter();
    letter.inviter = "<script>alert('x')</script> \"Ada\" & co".to_owned();
    letter.organisation = "<b>Volt</b>".to_owned();
    letter.kind = InvitationKind::SubAccount;
    letter.account = Some(LetterAccount {
        name: Some("<i>account</i><script>".to_owned()),
        parent_name: Some("<u>parent</u>".to_owned()),
        role: MemberRole::Driver,
        is_new: true,
    });
    letter.link = SecretString::from("https://example.com/a?b=1&token=\"><script>".to_owned());
    let words = written(&letter);
    assert!(
        !words.html.contains("<script")
            && !words.html.contains("<b>")
            && !words.html.contains("<u>")
            && !words.html.contains("<i>")
    );
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
