use mailparse::{MailHeaderMap, parse_mail};
use secrecy::SecretString;

use super::*;
use crate::{
    domain::{
        email::Email, invitation::InvitationKind, letter::LetterAccount, locale::Locale,
        sub_account::MemberRole,
    },
    mail::testing::{LINK, letter, sender},
};

fn source(letter: &Letter, wire: TransferEncoding) -> Vec<u8> {
    MessageBuilder::new(sender()).unwrap().message(letter, wire).unwrap().formatted()
}

#[test]
fn says_who_when_and_what_it_is() {
    let source = source(&letter(), TransferEncoding::Ascii);
    let mail = parse_mail(&source).unwrap();
    for (name, value) in [
        ("From", "Voltmark <no-reply@voltmark.example>"),
        ("Reply-To", "help@voltmark.example"),
        ("To", "Ada@example.com"),
        ("Subject", "Anna de Vries invites you to join Voltmark"),
        ("Date", "Tue, 24 Nov 2026 13:03:07 +0000"),
        ("Message-ID", "<ltr_01j0000000f00800000000000001@voltmark.example>"),
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "bulk"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("MIME-Version", "1.0"),
    ] {
        let value = value.replace("ltr_01j0000000f00800000000000001", letter().id.as_str());
        assert_eq!(mail.headers.get_all_values(name), [value], "{name}");
    }
    assert_eq!(mail.ctype.mimetype, "multipart/alternative");
    let types: Vec<_> = mail.subparts.iter().map(|part| part.ctype.mimetype.as_str()).collect();
    assert_eq!(types, ["text/plain", "text/html"]);
}

#[test]
fn the_message_id_stays_at_every_attempt() {
    let mut second = letter();
    second.now += chrono::TimeDelta::minutes(5);
    let builder = MessageBuilder::new(sender()).unwrap();
    assert_eq!(builder.message_id(&letter()), builder.message_id(&second));
}

#[test]
fn each_letter_has_a_message_id_of_its_own() {
    let builder = MessageBuilder::new(sender()).unwrap();
    let mut resent = letter();
    resent.id = crate::domain::ids::LetterId::from_uuid(uuid::Uuid::from_u128(2));
    assert_ne!(builder.message_id(&letter()), builder.message_id(&resent));
}

#[test]
fn the_link_is_whole_in_both_parts_however_they_travel() {
    for (locale, wire) in [
        (Locale::En, TransferEncoding::Ascii),
        (Locale::Nl, TransferEncoding::Ascii),
        (Locale::En, TransferEncoding::EightBit),
        (Locale::Nl, TransferEncoding::EightBit),
    ] {
        let mut letter = letter();
        letter.locale = locale;
        letter.inviter = "Zo\u{eb} \u{1F50C}".to_owned();
        let source = source(&letter, wire);
        assert!(source.is_ascii() || wire == TransferEncoding::EightBit);
        let mail = parse_mail(&source).unwrap();
        let text = mail.subparts[0].get_body().unwrap();
        assert!(text.lines().any(|line| line == LINK) && text.contains("Zo\u{eb} \u{1F50C}"));
        assert!(mail.subparts[1].get_body().unwrap().contains(&format!("href=\"{LINK}\"")));
        assert!(source.split(|byte| *byte == b'\n').all(|line| line.len() <= LONGEST_LINE + 1));
        let source = String::from_utf8(source).unwrap();
        assert!(wire == TransferEncoding::Ascii || source.contains(&format!("\r\n{LINK}\r\n")));
        // HTML needs no encoding on any transport: non-ASCII characters are references.
        assert!(source.contains(&format!("href=\"{LINK}\"")), "{source}");
    }
    // The link in an English letter without foreign letters can be copied from any transport.
    assert!(
        String::from_utf8(source(&letter(), TransferEncoding::Ascii))
            .unwrap()
            .contains(&format!("\r\n{LINK}\r\n"))
    );
}

#[test]
fn a_line_that_mail_cannot_carry_is_encoded() {
    let mut letter = letter();
    let link = format!("https://example.com/{}?token=x", "a".repeat(1000));
    letter.link = SecretString::from(link.clone());
    let source = source(&letter, TransferEncoding::EightBit);
    assert!(source.split(|byte| *byte == b'\n').all(|line| line.len() <= LONGEST_LINE + 1));
    assert!(parse_mail(&source).unwrap().subparts[0].get_body().unwrap().contains(&link));
}

#[test]
fn no_name_adds_a_header_or_a_part() {
    for name in [
        "Ada\r\nBcc: eve@example.com\r\n\r\nhello",
        "Ada\nX-Evil: 1",
        "\"Ada\" <eve@example.com>",
        "Ad\u{e4}\r\n\tX-Evil: 1",
        "a\0b\r",
        "<script>alert(1)</script>",
        "\u{202E}moc.elpmaxe\u{2066}\u{61C} Ada\u{2028}Bcc: eve@example.com",
        "\u{1F469}\u{200D}\u{1F4BB}".repeat(67).as_str(),
        "\u{1F50C}".repeat(200).as_str(),
    ] {
        let mut letter = letter();
        letter.inviter = name.to_owned();
        letter.organisation = name.to_owned();
        letter.kind = Some(InvitationKind::SubAccount);
        letter.account = Some(LetterAccount {
            name: Some(name.to_owned()),
            parent_name: Some(name.to_owned()),
            role: MemberRole::AccountOwner,
            is_new: true,
        });
        let source = source(&letter, TransferEncoding::Ascii);
        let mail = parse_mail(&source).unwrap();
        let mut names: Vec<_> = mail.headers.iter().map(|header| header.get_key().to_lowercase()).collect();
        names.sort();
        assert_eq!(
            names,
            [
                "auto-submitted",
                "content-type",
                "date",
                "from",
                "message-id",
                "mime-version",
                "precedence",
                "reply-to",
                "subject",
                "to",
                "x-auto-response-suppress"
            ],
            "{name:?}"
        );
        assert_eq!(mail.subparts.len(), 2);
        let subject = mail.headers.get_first_value("Subject").unwrap();
        let turning =
            |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{61C}' | '\u{2028}');
        assert!(!subject.contains(['\r', '\n', '\0']) && !subject.contains(turning), "{subject:?}");
        assert!(
            source.is_ascii()
                && source.split(|byte| *byte == b'\n').all(|line| line.len() <= LONGEST_LINE + 1)
        );
        let bodies = mail.subparts.iter().map(|part| part.get_body().unwrap());
        assert!(bodies.into_iter().all(|body| body.contains("token=") && !body.contains(turning)));
    }
}

#[test]
fn foreign_letters_are_encoded_and_come_back() {
    let mut letter = letter();
    letter.inviter =
        "Zo\u{eb} van \u{2019}t Hof, with a name long enough to be folded over several lines of a header"
            .to_owned();
    letter.to = Email::parse("Ada@B\u{dc}CHER.example").unwrap();
    let source = source(&letter, TransferEncoding::Ascii);
    let mail = parse_mail(&source).unwrap();
    assert_eq!(
        mail.headers.get_first_value("Subject").unwrap(),
        format!("{} invites you to join Voltmark", letter.inviter)
    );
    assert_eq!(mail.headers.get_first_value("To").unwrap(), "Ada@xn--bcher-kva.example");
}

/// Mail programs decode anything that looks like an encoded word.
#[test]
fn a_name_that_looks_like_an_encoded_word_is_read_as_it_was_typed() {
    for (inviter, read) in [
        ("=?utf-8?B?UGF5UGFsDQp1cmdlbnQ=?=", "= ?utf-8?B?UGF5UGFsDQp1cmdlbnQ= ?="),
        ("Zo\u{eb} =?utf-8?Q?=50=61=79=50=61=6C?=", "Zo\u{eb} = ?utf-8?Q?=50=61=79=50=61=6C?="),
        ("==\u{200B}??utf-8?Q?=50?=", "== ??utf-8?Q?=50?="),
    ] {
        let mut letter = letter();
        letter.inviter = inviter.to_owned();
        let expected = format!("{read} invites you to join Voltmark");
        assert_eq!(MessageBuilder::new(sender()).unwrap().write(&letter).unwrap().subject, expected);
        for wire in [TransferEncoding::Ascii, TransferEncoding::EightBit] {
            let source = source(&letter, wire);
            assert_eq!(
                parse_mail(&source).unwrap().headers.get_first_value("Subject"),
                Some(expected.clone()),
                "{inviter}"
            );
        }
    }
}

#[test]
fn a_name_that_is_an_address_is_read_without_being_one() {
    let mut letter = letter();
    letter.inviter = "https://evil.example/pay Click now".to_owned();
    for (locale, wire) in Locale::ALL
        .into_iter()
        .flat_map(|locale| [(locale, TransferEncoding::Ascii), (locale, TransferEncoding::EightBit)])
    {
        letter.locale = locale;
        let source = source(&letter, wire);
        let mail = parse_mail(&source).unwrap();
        let broken = "https:\u{200B}//evil.\u{200B}example/pay Click now";
        let subject = mail.headers.get_first_value("Subject").unwrap();
        assert!(subject.starts_with(broken), "{subject}");
        assert!(mail.subparts[0].get_body().unwrap().starts_with(broken));
        let html = mail.subparts[1].get_body().unwrap().replace("&#x2f;", "/").replace("&#8203;", "\u{200B}");
        assert!(html.matches(broken).count() >= 2 && !html.contains("evil.example"), "{html}");
    }
}
