mod files;

use chrono::TimeDelta;
use secrecy::SecretString;

use super::*;
use crate::{
    domain::{invitation::InvitationKind, locale::Locale},
    mail::{
        sample_letters::samples,
        testing::{LINK, letter, now},
    },
};

fn written(letter: &Letter) -> Rendered {
    render(letter, &TimeZone::bundled("Europe/Amsterdam").unwrap()).unwrap()
}

/// Text on one line, so that a test does not depend on line breaks.
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
    let (all, notices): (Vec<_>, Vec<_>) =
        samples(now()).into_iter().partition(|(_, letter)| letter.kind.is_some());
    assert_eq!((all.len(), notices.len()), (5 * 2 * Locale::ALL.len(), 5 * Locale::ALL.len()));
    for (name, letter) in all {
        let words = written(&letter);
        let (first, rest) = words.text.split_once('\n').unwrap();
        for line in [words.subject.as_str(), first] {
            assert!(line.contains("Grace Hopper") && line.contains("Example Charging"), "{name}: {line}");
        }
        let account = letter.account.as_ref();
        for shown in account.iter().flat_map(|account| [&account.name, &account.parent_name]).flatten() {
            assert!(
                flat(&words.text).contains(shown.as_str()) && words.html.contains(shown.as_str()),
                "{name}: {shown}"
            );
        }
        assert_eq!(letter.kind == Some(InvitationKind::SystemUser), words.text.contains("  * "), "{name}");
        assert!(!words.text.contains("\n\n\n") && !words.text.contains("{{"), "{name}: {}", words.text);
        for outside in ["<img", "src=", "<link", "@import", "url(", "<script"] {
            assert!(!words.html.contains(outside), "{name}: {outside}");
        }
        for wanted in [
            "color-scheme",
            "prefers-color-scheme: dark",
            "max-width: 480px",
            &format!("lang=\"{}\"", letter.locale.as_str()),
        ] {
            assert!(words.html.contains(wanted), "{name}: {wanted}");
        }
        assert_eq!(
            words.html.matches("https://").count(),
            words.html.matches("https://example.com/activate?token=").count()
        );
        // The first line is one line, whatever the length of the names.
        assert!(
            rest.lines().all(|line| line.chars().count() < 80 || line.contains("token=")),
            "{name}: {}",
            words.text
        );
    }
}

#[test]
fn letters_about_no_invitation_name_the_address_and_no_inviter() {
    for (name, letter) in samples(now()).into_iter().filter(|(_, letter)| letter.kind.is_none()) {
        let words = written(&letter);
        assert!(words.subject.contains("Example Charging"), "{name}: {}", words.subject);
        for part in [flat(&words.text), flat(&words.html)] {
            assert!(part.contains("ada@example.com") && part.contains("Example Charging"), "{name}: {part}");
            assert!(!part.contains("Grace Hopper") && !part.contains("{{"), "{name}: {part}");
            assert!(part.contains(letter.link.expose_secret()), "{name}: {part}");
        }
        assert!(!words.text.contains("\n\n\n") && !words.text.contains("  * "), "{name}: {}", words.text);
        assert!(
            words.text.lines().all(|line| line.chars().count() < 80 || line.contains("token=")),
            "{name}"
        );
    }
}

/// Companies are called B.V., Yahoo! and Who Knows?, and people Jr.; a sentence that ends with such a name
/// must end once.
#[test]
fn no_sentence_ends_twice() {
    for end in [".", "!", "?"] {
        for (name, mut letter) in samples(now()) {
            letter.inviter = format!("Grace Hopper Jr{end}");
            letter.organisation = format!("Voltmark B.V{end}");
            if let Some(account) = &mut letter.account {
                (account.name, account.parent_name) =
                    (Some(format!("Home Ltd{end}")), Some(format!("Acme B.V{end}")));
            }
            let words = written(&letter);
            assert!(!words.text.contains(" \n\n"), "{name}: {}", words.text);
            let html = words.html.replace("</strong>", "");
            for part in [&words.subject, &words.text, &html] {
                for known in ["Jr", "B.V", "Ltd"] {
                    for twice in ['.', '!', '?', '…'] {
                        assert!(
                            !part.contains(&format!("{known}{end}{twice}")),
                            "{name}: {known}{end}{twice}: {part}"
                        );
                    }
                    // French puts a space before exclamation and question marks.
                    assert!(!part.contains(&format!("{known}{end}\u{a0}!")), "{name}: {part}");
                }
            }
        }
    }
}

/// Except the headline, which repeats the subject.
#[test]
fn no_sentence_of_the_words_ends_with_a_name() {
    for (name, mut letter) in samples(now()) {
        letter.inviter = "NAME".to_owned();
        letter.organisation = "NAME".to_owned();
        if let Some(account) = &mut letter.account {
            (account.name, account.parent_name) = (Some("NAME".to_owned()), Some("NAME".to_owned()));
        }
        let words = written(&letter);
        let (_, text) = words.text.split_once('\n').unwrap();
        let html = words.html.replace("</strong>", "");
        for part in [flat(text), html] {
            for end in [".", "!", "?", "\u{a0}!", "\u{a0}?", "\u{202f}!"] {
                assert!(!part.contains(&format!("NAME{end}")), "{name}: {part}");
            }
        }
    }
}

/// rspamd counts the links of both parts together, and dislikes an odd number (URI_COUNT_ODD).
#[test]
fn the_links_of_both_parts_are_even_and_nothing_is_hidden() {
    for (name, letter) in samples(now()) {
        let words = written(&letter);
        let link = letter.link.expose_secret();
        let (text, html) = (words.text.matches(link).count(), words.html.matches(link).count());
        // The button, its sentence, and the address to copy, which counts although it is no link.
        assert_eq!((text, html, words.html.matches("href=").count()), (1, 3, 2), "{name}");
        assert!(!words.html.contains("font-size:0") && !words.html.contains("display:none"), "{name}");
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
    for (locale, start, left) in [
        (Locale::En, "Reminder: Grace", "for 4 hours more"),
        (Locale::Nl, "Herinnering: Grace", "nog 4 uur lang"),
        (Locale::De, "Erinnerung: Grace", "noch 4 Stunden lang"),
        (Locale::Fr, "Rappel\u{a0}: Grace", "encore 4 heures"),
    ] {
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
    letter.kind = Some(InvitationKind::SubAccount);
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
    assert!(
        words.text.contains("<script>alert('x')</script> \"Ada\" & co") && words.text.contains("?b=1&token=")
    );
}

/// Every sample, with names that mail programs would turn into links, from an operator whose own name is an
/// address.
fn linked_samples() -> Vec<(String, Letter)> {
    let mut all = samples(now());
    for (_, letter) in &mut all {
        letter.inviter = "https://evil.example/pay Click now".to_owned();
        letter.organisation = "Voltmark.example".to_owned();
        if let Some(account) = &mut letter.account {
            account.name = Some("Booking.com B.V.".to_owned());
            account.parent_name = Some("J.R.R. ada@evil.example".to_owned());
        }
    }
    all
}

#[test]
fn no_name_of_a_person_or_an_account_becomes_a_link() {
    // Letters that are about no invitation name no inviter.
    for (name, letter) in linked_samples().into_iter().filter(|(_, letter)| letter.kind.is_some()) {
        let words = written(&letter);
        assert!(
            words.subject.contains("https:\u{200B}//evil.\u{200B}example/pay Click now"),
            "{name}: {}",
            words.subject
        );
        // The templates' escaping writes slashes and equals signs differently.
        let html = words.html.replace("&#x2f;", "/");
        for part in [&words.subject, &flat(&words.text), &flat(&html)] {
            let rest = part.replace(letter.link.expose_secret(), "");
            for link in ["://", "evil.example", "ada@evil", "Booking.com"] {
                assert!(!rest.contains(link), "{name}: {link}: {rest}");
            }
            assert!(rest.contains("Voltmark.example"), "{name}: {rest}");
        }
        let seen = flat(&words.text).replace('\u{200B}', "");
        assert!(seen.contains("https://evil.example/pay Click now"), "{name}: {seen}");
        for (given, shown) in [
            (letter.account.as_ref().map(|account| &account.name), "Booking.\u{200B}com B.V."),
            (
                letter.account.as_ref().map(|account| &account.parent_name),
                "J.R.R. ada@\u{200B}evil.\u{200B}example",
            ),
        ] {
            let asked = given.is_some() && (seen.contains(&shown.replace('\u{200B}', "")));
            assert_eq!(asked, flat(&words.text).contains(shown) && html.contains(shown), "{name}: {shown}");
        }
    }
}

#[test]
fn no_name_becomes_a_link_in_templates_of_the_operators_own() {
    let folder = tempfile::tempdir().unwrap();
    let own = "{{ inviter }}, {{ account or '' }}, {{ parent or '' }}, {{ organisation }}, {{ subject }}\n{{ \
        link }}\n";
    for file in ["letter.txt", "letter.html"] {
        std::fs::write(folder.path().join(file), own).unwrap();
    }
    let templates = Templates::from_folder(folder.path()).unwrap();
    for (name, letter) in linked_samples() {
        let words = templates.render(&letter, &TimeZone::utc()).unwrap();
        for part in [words.text, words.html.replace("&#x2f;", "/")] {
            let rest = part.replace(letter.link.expose_secret(), "");
            assert!(
                rest.starts_with("https:\u{200B}//evil.\u{200B}example/pay Click now, "),
                "{name}: {rest}"
            );
            assert!(
                ["://", "evil.example", "ada@evil", "Booking.com"].iter().all(|link| !rest.contains(link)),
                "{name}: {rest}"
            );
        }
    }
}

#[test]
fn a_nameless_inviter_is_the_organisation() {
    let mut letter = letter();
    letter.inviter = " \r\n".to_owned();
    assert_eq!(written(&letter).subject, "Voltmark invites you to join Voltmark");
}

#[test]
fn is_not_shown_by_debug() {
    assert_eq!(format!("{:?}", written(&letter())), "Rendered");
}
