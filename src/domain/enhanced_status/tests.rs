use super::*;
use crate::domain::{
    mail_fault::MailFault,
    relay_reply::{About, Reply},
};

fn code(text: &str) -> StatusCode {
    text.parse().unwrap()
}

#[test]
fn a_code_is_three_numbers() {
    for text in ["5.1.1", "4.7.500", "2.0.0"] {
        assert_eq!(code(text).to_string(), text);
    }
    for text in
        ["", "5", "5.1", "5.1.1.1", "3.1.1", "5..1", "5.1.1000", "5.+1.1", "5.1.x", "05.1.1", " 5.1.1"]
    {
        assert_eq!(text.parse::<StatusCode>(), Err(NotAStatusCode), "{text}");
    }
}

#[test]
fn the_first_failure_in_a_text_is_its_code() {
    for (text, wanted) in [
        ("550 5.1.1 no, 5.7.1 no", Some("5.1.1")),
        ("sorry (#5.7.1)", Some("5.7.1")),
        ("2.0.0 ok, 4.2.2 later", Some("4.2.2")),
        ("550-5.7.509 Access denied 550 no", Some("5.7.509")),
        ("2026-5.7.1 no", None),
        ("192.0.2.7 said 550 no", None),
        ("", None),
    ] {
        assert_eq!(StatusCode::first_in(text), wanted.map(code), "{text}");
    }
}

#[test]
fn whose_fault_and_how_long() {
    for (text, blame, is_final, denies_mailbox) in [
        ("5.1.1", Blame::Address, true, true),
        ("5.1.2", Blame::Address, true, false),
        ("5.1.10", Blame::Address, true, true),
        ("4.1.1", Blame::Mailbox, false, false),
        ("4.1.2", Blame::Network, false, false),
        ("5.1.8", Blame::Us(MailFault::Sender), true, false),
        ("5.2.1", Blame::Mailbox, true, false),
        ("5.2.2", Blame::Mailbox, false, false),
        ("4.2.2", Blame::Mailbox, false, false),
        ("5.3.4", Blame::Content, true, false),
        ("5.4.1", Blame::Address, true, false),
        ("4.4.1", Blame::Network, false, false),
        ("5.4.7", Blame::Network, false, false),
        ("5.6.1", Blame::Content, true, false),
        ("5.7.13", Blame::Us(MailFault::Authentication), true, false),
        ("5.7.25", Blame::Us(MailFault::Client), true, false),
        ("5.7.26", Blame::Us(MailFault::DomainAuthentication), true, false),
        ("5.7.708", Blame::Us(MailFault::Reputation), true, false),
        ("5.7.705", Blame::Us(MailFault::Quota), false, false),
    ] {
        let judged = judge(code(text)).unwrap();
        assert_eq!(
            (judged.blame, judged.is_final, judged.denies_mailbox),
            (blame, is_final, denies_mailbox),
            "{text}"
        );
    }
    // They are given for any reason.
    for text in ["5.0.0", "5.1.0", "5.2.0", "5.3.0", "5.5.0", "5.7.0", "5.7.1", "2.1.5", "2.6.0", "4.99.1"] {
        assert_eq!(judge(code(text)), None, "{text}");
    }
}

#[test]
fn every_row_has_advice_and_no_temporary_failure_is_final() {
    for code in samples() {
        let judged = judge(code).unwrap();
        assert!(
            judged.advice().ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | ')' | '@')),
            "{code}"
        );
        assert!(!judged.advice().is_empty(), "{code}");
        assert!(code.class == 5 || !judged.is_final, "{code}");
        assert!(!judged.denies_mailbox || judged.is_final && judged.blame == Blame::Address, "{code}");
        // A fault that says nothing of the address comes with no denial of the mailbox.
        assert!(judged.fault().is_none() || !judged.denies_mailbox, "{code}");
    }
}

/// The relay's reply with this code, and no words.
#[test]
fn replies_are_judged_by_the_table() {
    for code in samples() {
        let text = format!("{code} no");
        let about = Reply {
            text: &text,
            sender: "no-reply@voltmark.example",
            recipient: &["ada@example.com"],
            recipient_accepted: false,
            content: &[],
        }
        .about();
        assert_eq!(about, About::from(judge(code).unwrap().blame), "{code}");
    }
}

#[test]
fn words_stand_for_codes() {
    for (text, wanted) in [
        ("Unrouteable address", Some("5.1.2")),
        ("550 User unknown in virtual\n mailbox table", Some("5.1.1")),
        ("Sorry, no mailbox here by that name.", Some("5.1.1")),
        ("The user\u{2019}s mailbox is full, mailbox unavailable", Some("5.2.2")),
        ("account has been disabled", Some("5.2.1")),
        ("retry timeout exceeded", Some("4.4.7")),
        ("Connection refused", Some("4.4.1")),
        ("too many hops (26)", Some("5.4.6")),
        ("rejected for policy reasons", Some("5.7.1")),
        ("so be it", None),
        ("", None),
    ] {
        assert_eq!(code_of_words(text), wanted.map(code), "{text}");
    }
}
