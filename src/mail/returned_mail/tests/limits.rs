//! Messages that are larger, deeper or have more parts than is read.

use super::*;
use crate::domain::returned_mail::Verdict;

const TOP: &str = "From: MAILER-DAEMON@mx.example.com\nSubject: Undeliverable\n";

fn nested(depth: usize, inner: &str) -> String {
    format!("{}{inner}", "Content-Type: message/rfc822\n\n".repeat(depth))
}

fn multipart(parts: usize) -> String {
    format!("{TOP}Content-Type: multipart/mixed; boundary=b\n\n{}--b--\n", "--b\n\nx\n".repeat(parts))
}

#[test]
fn a_few_parts_and_levels_are_read_and_many_are_not() {
    for (text, verdict) in [
        (multipart(100), Verdict::Failed),
        (multipart(10_000), Verdict::Unreadable),
        (nested(3, "Subject: x\n\ny"), Verdict::Other),
        (nested(100, ""), Verdict::Unreadable),
        (nested(30_000, ""), Verdict::Unreadable),
        (format!("{TOP}X: {}\n\ny", "x".repeat(70_000)), Verdict::Unreadable),
        (format!("{TOP}{}\n\ny", "a:\n".repeat(200_000)), Verdict::Unreadable),
    ] {
        let mail = read(&text);
        assert_eq!(mail.verdict, verdict, "{}", &text[..60.min(text.len())]);
        assert!(reader().masked(text.as_bytes()).len() <= 64 << 10);
    }
}

/// The library decodes both fields in quadratic time. This input is harmless: it is its length that counts.
#[test]
fn fields_that_are_decoded_and_all_headers_together_are_bounded() {
    let report = message("postfix-unknown-user");
    assert_eq!(read(&report).verdict, Verdict::Failed);
    for (name, length, verdict) in [
        ("Subject: ", 4_000, Verdict::Failed),
        ("Subject: ", 4_200, Verdict::Unreadable),
        ("sUBJECT : ", 4_200, Verdict::Unreadable),
        ("Content-Type: text/plain; x=", 4_200, Verdict::Unreadable),
        ("X-Other: ", 4_200, Verdict::Failed),
    ] {
        let lines = "a ".repeat(40).trim_end().to_owned() + "\n ";
        let field = format!("{name}{}a\n", lines.repeat(length / lines.len()));
        assert_eq!(read(field.clone() + &report).verdict, verdict, "{name}{length}");
        // In a part, too.
        let part = format!("{TOP}Content-Type: multipart/mixed; boundary=b\n\n--b\n{field}\nx\n--b--\n");
        let is_read = read(part).verdict != Verdict::Unreadable;
        assert_eq!(is_read, verdict != Verdict::Unreadable, "{name}{length} in a part");
    }
    for (parts, verdict) in [(60, Verdict::Failed), (70, Verdict::Unreadable)] {
        let part = format!("--b\nX: {}\n\nx\n", "a".repeat(1_020));
        let text = format!("{TOP}Content-Type: multipart/mixed; boundary=b\n\n{}--b--\n", part.repeat(parts));
        assert_eq!(read(text).verdict, verdict, "{parts}");
    }
}

/// Multiparts within each other, each with parts that announce multiparts without an end.
#[test]
fn hostile_multiparts_are_set_aside() {
    let levels = (0..50).map(|level| level.to_string());
    let nested = levels.flat_map(|level| {
        ["Content-Type: multipart/mixed; boundary=b", &level, "\n\n--b", &level, "\n"].map(str::to_owned)
    });
    let text = [TOP.to_owned()].into_iter().chain(nested).collect::<String>();
    assert_eq!(read(&text).verdict, Verdict::Unreadable);
    let endless = "--b\nContent-Type: multipart/mixed; boundary=none\n\n".repeat(20_000);
    let text = format!("{TOP}Content-Type: multipart/digest; boundary=b\n\n{endless}");
    assert_eq!(read(&text).verdict, Verdict::Unreadable);
}

#[test]
fn only_the_beginning_of_a_large_message_is_read_and_a_very_large_one_is_not() {
    let large = |size: usize| format!("{}\n{}", message("qmail-full-mailbox"), "x ".repeat(size / 2));
    assert_eq!(read(large(5 << 20)).verdict, Verdict::Failed);
    assert_eq!(read(large(21 << 20)).verdict, Verdict::Unreadable);
    let late = format!("{TOP}\n{}\n<{LETTER}@voltmark.example>\n", "x ".repeat(1 << 20));
    assert_eq!(read(late).letter, None);
}

#[test]
fn a_message_without_anything_is_read() {
    for text in ["", "\n", "\r\n\r\n", ":", "a", "--", "\0", "From ", "Content-Type:\n\n", "=\n="] {
        let mail = read(text);
        assert_eq!((mail.verdict, mail.letter), (Verdict::Other, None), "{text:?}");
        assert!(reader().masked(text.as_bytes()).len() < 100);
    }
}
