//! What is shown to staff has no live link, in whatever form the letter came back.

use super::*;

fn shown(message: impl AsRef<[u8]>) -> String {
    reader().masked(message.as_ref())
}

/// No piece of the token is shown that is long enough to be of use.
fn assert_masked(name: &str, shown: &str) {
    let joined: String = shown.chars().filter(|c| !c.is_whitespace()).collect();
    for at in 0..TOKEN.len() - 24 {
        let piece = &TOKEN[at..at + 24];
        assert!(!joined.contains(piece), "{name}: {piece} in\n{shown}");
    }
    assert!(!shown.contains("://"), "{name}: a link in\n{shown}");
}

#[test]
fn every_message_is_shown_without_its_link() {
    for name in names() {
        let text = message(&name);
        for text in [with_crlf(&text), text] {
            assert_masked(&name, &shown(text));
        }
    }
    let shown = shown(message("postfix-unknown-user"));
    for kept in
        ["Recipient address rejected", "Status: 5.1.1", LETTER, "Anna de Vries invites you to Voltmark."]
    {
        assert!(shown.contains(kept), "{kept} is not in\n{shown}");
    }
    // Who has the tag can have the letter reported.
    assert!(!shown.contains(TAG), "{shown}");
}

/// The letter as lettre writes it for relays that take ASCII alone, within the text of a server.
#[test]
fn no_encoding_hides_it() {
    let link = format!("https://invite.voltmark.example/activate?token={TOKEN}");
    let quoted = link.replace('=', "=3D");
    let mut soft = String::new();
    for (at, c) in quoted.char_indices() {
        soft.push(c);
        if at % 70 == 69 {
            soft.push_str("=\r\n");
        }
    }
    let base64 = {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let encoded = STANDARD.encode(format!("<p><a href=\"{link}\">{link}</a></p>"));
        encoded.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line) + "\r\n").collect::<String>()
    };
    let wide: String = link.chars().flat_map(|c| [c, '\0']).collect();
    let percent = link.replace(':', "%3A").replace('/', "%2F").replace('=', "%3D");
    for (name, text) in [
        ("soft breaks", soft.as_str()),
        ("base64", &base64),
        ("UTF-16", &wide),
        ("percent", &percent),
        ("token alone", TOKEN),
        ("in brackets", &format!("<{link}>")),
        ("entities", &link.replace('=', "&#61;").replace(':', "&#58;")),
    ] {
        for head in [
            "",
            "Subject: x\r\n",
            "Content-Type: text/html\r\n",
            "Content-Type: multipart/mixed; boundary=b\r\n",
        ] {
            assert_masked(name, &shown(format!("{head}\r\nbefore {text} after\r\n")));
            let part = format!("{head}\r\n--b\r\n\r\n{text}\r\n--b--\r\n");
            assert_masked(name, &shown(part));
        }
    }
    let as_part = format!("Content-Transfer-Encoding: base64\r\nContent-Type: text/html\r\n\r\n{base64}");
    assert_masked("a part in base64", &shown(as_part));
    let as_part = format!("Content-Transfer-Encoding: quoted-printable\r\n\r\n{soft}");
    assert_masked("a part in quoted-printable", &shown(as_part));
}

/// PostgreSQL stores no NUL, and terminals obey other control characters.
#[test]
fn no_control_character_is_shown_wherever_it_stands() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let inner = STANDARD.encode("Content-Type: text/x\0\u{1b}[2Jy\n\none\0two\n");
    for text in [
        format!("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{inner}\n"),
        "Content-Type: text/x\0y\n\none\0two\n".to_owned(),
        "Subject: a\0b\u{7f}\n\none\u{9b}two\n".to_owned(),
        "a\0".repeat(100),
    ] {
        let shown = shown(&text);
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
    }
}

#[test]
fn what_is_shown_is_bounded() {
    let long = format!("Subject: x\n\n{}", "many words of a text\n".repeat(100_000));
    assert!(shown(long).len() <= 64 << 10);
    let other = shown("Content-Type: image/png\n\nabc");
    assert!(other.contains("image/png") && other.contains("[3 bytes]"), "{other}");
}
