//! What each message is read as.

use std::collections::BTreeSet;

use super::*;
use crate::domain::{
    delivery_reports::DeliveryStatus,
    enhanced_status::Blame,
    returned_mail::{FoundBy, UnreadReason, Verdict},
};

/// A row of the table: name, verdict, what names the letter, code, blame, fault, denial, words.
fn rows() -> Vec<[String; 8]> {
    let table = fs::read_to_string(folder().join("expected.tsv")).unwrap();
    let lines = table.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()).collect()
}

fn blame(blame: Option<Blame>) -> &'static str {
    match blame {
        Some(Blame::Address) => "address",
        Some(Blame::Mailbox) => "mailbox",
        Some(Blame::Content) => "content",
        Some(Blame::Network) => "network",
        Some(Blame::Us(_)) => "us",
        None => "",
    }
}

fn columns(mail: &ReturnedMail) -> [String; 7] {
    let flag = |is_so: bool, word: &str| if is_so { word.to_owned() } else { String::new() };
    [
        mail.verdict.as_str().to_owned(),
        mail.found_by.map(|by| by.as_str().to_owned()).unwrap_or_default(),
        mail.status.map(|status| status.to_string()).unwrap_or_default(),
        blame(mail.blame).to_owned(),
        mail.fault.map(|fault| fault.as_str().to_owned()).unwrap_or_default(),
        flag(mail.no_such_mailbox, "yes"),
        flag(mail.by_words, "words"),
    ]
}

#[test]
fn every_message_is_read_as_what_it_is() {
    let rows = rows();
    let listed: BTreeSet<&String> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(listed, names().iter().collect(), "expected.tsv lists other messages");
    let mut wrong = Vec::new();
    for row in &rows {
        let text = message(&row[0]);
        for text in [with_crlf(&text), text] {
            let mail = read(&text);
            if columns(&mail)[..] != row[1..] {
                wrong.push(format!("{:?}\n    is not {row:?}: {:?}", columns(&mail), mail.reason));
            }
            assert_eq!(mail.letter, (!row[2].is_empty()).then(letter), "{}", row[0]);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn reasons_name_nobody_and_lead_nowhere() {
    let mut reasons = 0;
    for name in names() {
        let Some(reason) = read(message(&name)).reason else { continue };
        reasons += 1;
        assert!(!reason.contains('@') && !reason.contains("://"), "{name}: {reason}");
        assert!(reason.chars().count() <= 201 && !reason.contains('\n'), "{name}: {reason}");
    }
    assert!(reasons > 10);
    let reason = read(message("postfix-unknown-user")).reason;
    assert_eq!(reason.as_deref(), Some("550 5.1.1 Recipient address rejected: User unknown"));
}

#[test]
fn times_and_servers_are_those_of_the_report() {
    let gmail = read(message("gmail-blocked"));
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    assert_eq!((gmail.at, gmail.arrived_at), (at("2026-11-24T13:03:30Z"), Some(at("2026-11-24T13:03:20Z"))));
    assert_eq!(gmail.reporting_mta.as_deref(), Some("mail.example.com"));
    // The message's date, where the report has none.
    assert_eq!(read(message("postfix-delayed")).at, at("2026-11-24T13:05:00Z"));
    // A time in the future is replaced.
    let future = message("postfix-delayed").replace("24 Nov 2026", "24 Nov 2036");
    assert_eq!(read(future).at, now());
}

#[test]
fn events_are_what_webhooks_would_say() {
    let event = read(message("postfix-unknown-user")).event();
    assert_eq!((event.letter, event.status), (Some(letter()), Some(DeliveryStatus::Bounced)));
    assert!(
        event.no_such_mailbox && event.fault.is_none() && !event.may_be_reply && event.event_id.len() == 64
    );
    assert!(read(message("qmail-full-mailbox")).event().may_be_reply);
}

/// The envelope's address counts, and the header's where it is not known.
#[test]
fn the_letter_is_named_by_the_address_first() {
    let verp = format!("bounces+{LETTER}.{TAG}@invite.voltmark.example");
    let plain = message("postfix-unknown-user").replace(&format!("To: {verp}"), "To: root@voltmark.example");
    let by = |text: &str, recipient: Option<&str>| {
        let mail = reader().read(text.as_bytes(), recipient, now());
        (mail.verdict, mail.found_by.map(FoundBy::as_str).unwrap_or_default())
    };
    assert_eq!(by(&plain, None), (Verdict::Failed, "envid"));
    for address in [verp.clone(), verp.to_uppercase()] {
        assert_eq!(by(&plain, Some(&address)), (Verdict::Failed, "verp"));
    }
    // A wrong tag changes nothing, whatever else names the letter.
    assert_eq!(by(&plain, Some(&verp.replace(TAG, "aaaaaaaaaaaaaaaa"))), (Verdict::Forged, ""));
    // Nor do the addresses of two letters.
    let other = verp.replace("qcm.", "qcn.");
    assert_eq!(by(&message("postfix-unknown-user"), Some(&other)), (Verdict::Forged, ""));
    // Nor two letters without an address.
    let two = format!("{}\n<{}@voltmark.example>\n", message("by-message-id-alone"), LETTER);
    assert_eq!(by(&two, None), (Verdict::Failed, "message_id"));
    let two = message("by-message-id-alone")
        .replace("It was", "<ltr_01m86vxvh0e3pt0yekqqme4qcn@voltmark.example> was");
    assert_eq!(by(&two, None), (Verdict::Forged, ""));
}

/// Anyone can write words: without the letter they prove nothing.
#[test]
fn words_count_for_a_letter_that_the_message_has() {
    let (text, _) = message("qmail-full-mailbox")
        .split_once("--- Below")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let unproven = read(&text);
    assert_eq!((unproven.verdict, unproven.letter), (Verdict::Unproven, Some(letter())));
    assert_eq!((unproven.unread(), unproven.event().status), (Some(UnreadReason::NoLetter), None));
    assert_eq!(read(text + &format!("\n<{LETTER}@voltmark.example>\n")).verdict, Verdict::Failed);
}

/// The inviter chooses some words of the letter.
#[test]
fn no_word_of_the_letter_decides() {
    let head = "Return-Path: <ada@example.com>\nFrom: Ada <ada@example.com>\nSubject: Fine\n";
    let quoted =
        format!("{head}\nI shall see to it.\n\n----- Original message -----\n{}", message("dma-no-report"));
    assert_eq!(read(quoted).verdict, Verdict::Other);
    let answer = message("a-person").replace("Subject: Re: Anna", "Subject: Re: Undeliverable: Anna");
    assert_eq!(read(answer).verdict, Verdict::Other);
    // Servers quote the subject.
    let named = |subject: &str| message("exchange-old").replace("Anna de Vries invites you", subject);
    let status = read(named("the mailbox is full: no such domain")).status;
    assert_eq!(status, read(message("exchange-old")).status);
    assert_eq!(read(named("Delayed invites you")).verdict, Verdict::Failed);
}

/// The inviter's name begins with a word that subjects of failures have, and an autoresponder quotes it.
#[test]
fn a_quoted_subject_makes_no_reply_a_failure() {
    let reply = |subject: &str, more: &str| {
        read(format!(
            "Return-Path: <>\nFrom: Ada <ada@example.com>\nTo: bounces+{LETTER}.{TAG}@invite.example.com\n\
            Subject: {subject}\n{more}\nI am not in.\n\n<{LETTER}@voltmark.example>\n"
        ))
    };
    let name = "Rejected Energy GmbH invites you";
    for prefix in [
        "Automatic reply:",
        "Automatische Antwort:",
        "R\u{e9}ponse automatique :",
        "Automatisch antwoord:",
        "Respuesta autom\u{e1}tica:",
        "Automatick\u{e1} odpove\u{10f}:",
        "R\u{103}spuns automat:",
        "Out of office:",
    ] {
        for more in ["", "Auto-Submitted: auto-replied\n"] {
            let mail = reply(&format!("{prefix} {name}"), more);
            assert_eq!(mail.verdict, Verdict::AutomaticReply, "{prefix} {more}");
        }
    }
    // Others repeat the subject as it was.
    for subject in [name.to_owned(), format!("Re: {name}")] {
        for more in ["Auto-Submitted: auto-replied\n", "X-Autoreply: yes\n", "Precedence: auto_reply\n"] {
            assert_eq!(reply(&subject, more).verdict, Verdict::AutomaticReply, "{subject} {more}");
        }
    }
}
