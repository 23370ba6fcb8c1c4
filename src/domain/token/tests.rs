//! Tests of the tokens in activation links.

use super::*;
use proptest::prelude::*;

fn root(text: &str) -> SecretString {
    SecretString::from(text.repeat(8))
}

fn claim() -> LinkClaim {
    LinkClaim { invitation: InvitationId::from_uuid(uuid::Uuid::from_u128(7)), generation: 3 }
}

#[test]
fn a_token_says_what_was_signed_and_is_the_same_every_time() {
    let keys = LinkKeys::derive(&root("one!"), None);
    assert_eq!(keys.verify(&keys.sign(claim())), Ok(claim()));
    assert_eq!(keys.sign(claim()).expose(), keys.sign(claim()).expose());
}

#[test]
fn another_key_or_purpose_does_not_pass() {
    let keys = LinkKeys::derive(&root("one!"), None);
    assert_eq!(keys.verify(&LinkKeys::derive(&root("two!"), None).sign(claim())), Err(NotGenuine));
    assert_ne!(DerivedKey::derive(&root("one!"), "access-token").secret(), keys.0.current.secret());
}

#[test]
fn links_of_the_previous_key_live_on_after_a_rotation() {
    let old = LinkKeys::derive(&root("one!"), None).sign(claim());
    let rotated = LinkKeys::derive(&root("two!"), Some(&root("one!")));
    assert_eq!(rotated.verify(&old), Ok(claim()));
    assert_ne!(rotated.sign(claim()).expose(), old.expose());
}

#[test]
fn is_not_shown_by_debug() {
    let keys = LinkKeys::derive(&root("one!"), None);
    assert_eq!(format!("{:?}", keys.sign(claim())), "LinkToken");
    assert!(!format!("{keys:?}").contains("secret"));
}

#[test]
fn a_token_is_found_in_what_people_send() {
    let keys = LinkKeys::derive(&root("one!"), None);
    let token = keys.sign(claim());
    let t = token.expose();
    assert_eq!(t.len(), LENGTH);
    let (head, tail) = t.split_at(40);
    let full_width = |c: char| char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c);
    let v2 = t.replace('-', "-2D").replace('_', "-5F");
    let zenith = LinkKeys::derive(&root("two!"), None).sign(claim());
    for sent in [
        format!(" {t}\n"),
        format!("{head} {tail}"),
        format!("{head}\r\n {tail}"),
        format!("{head}=\r\n{tail}"),
        format!("{head}=20\r\n{tail}"),
        format!("{head}=E2=80=8B{tail}"),
        format!("{head}<wbr>{tail}"),
        format!("{head}<br />\r\n{tail}"),
        t.replace('-', "&#45;").replace('_', "&#x5F;"),
        t.replace('-', "\u{2011}"),
        t.replace('-', "\u{2013}"),
        t.chars().map(full_width).collect(),
        format!(
            "https://urldefense.example/v2/url?u=https-3A__example.com_activate-3Ftoken-3D{v2}&d=DwMFaQ&c=x"
        ),
        format!("{head}%0D%0A{tail}"),
        format!("{head}%250D%250A{tail}"),
        format!("{head}\u{200b}{tail}\u{feff}"),
        format!("{head}&#8203;{tail}&nbsp;"),
        format!("{t}."),
        format!("<{t}>"),
        format!("3D{t}"),
        format!("token=3D{t}"),
        format!("token={t}&utm_source=newsletter#top"),
        format!("https://invitations.example.com:8443/activate?token={t}"),
        format!("<https://invitations.example.com/activate?token={t}>."),
        format!(
            "https://safe.example/?url=https%3A%2F%2Finvitations.example.com%2Factivate%3Ftoken%3D{t}\
            &data=05%7C02"
        ),
        format!("Please open {t}, thank you"),
        format!("{}{t}", zenith.expose()),
        format!("{t} {t}"),
    ] {
        assert_eq!(keys.verify(&LinkToken::from_text(sent.clone())), Ok(claim()), "{sent}");
    }
    // Of two genuine ones the first counts.
    let other = keys.sign(LinkClaim { generation: 4, ..claim() });
    assert_eq!(keys.verify(&LinkToken::from_text(format!("{t} {}", other.expose()))), Ok(claim()));
    for sent in [
        head.to_owned(),
        tail.to_owned(),
        format!("{tail}{head}"),
        format!("{head}x{tail}"),
        format!("{head}3D{tail}"),
    ] {
        assert_eq!(keys.verify(&LinkToken::from_text(sent.clone())), Err(NotGenuine), "{sent}");
    }
}

/// A long input must be processed quickly.
#[test]
fn what_is_beyond_any_link_is_not_looked_through() {
    let keys = LinkKeys::derive(&root("one!"), None);
    let token = keys.sign(claim());
    for filling in ["A", "é", "%", "&", "&a;", "%25"] {
        let sent = format!("{}{}", filling.repeat(60_000), token.expose());
        assert_eq!(keys.verify(&LinkToken::from_text(sent)), Err(NotGenuine), "{filling}");
    }
}

/// Whether it contains a `%` or `&` that starts none of our escapes.
fn lone_escape(text: &str) -> bool {
    let known = ["%0D%0A", "%20", "%E2%80%8B", "&#8203;", "&nbsp;"];
    let rest = known.iter().fold(text.to_owned(), |rest, escape| rest.replace(escape, " "));
    rest.contains(['%', '&'])
}

proptest! {
    #[test]
    fn any_change_to_a_token_is_noticed(position in 0usize..76, letter in "[A-Za-z0-9_-]") {
        let keys = LinkKeys::derive(&root("one!"), None);
        let good = keys.sign(claim());
        let mut text = good.expose().to_owned();
        text.replace_range(position..=position, &letter);
        prop_assume!(text != good.expose());
        prop_assert_eq!(keys.verify(&LinkToken::from_text(text)), Err(NotGenuine));
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,120}") {
        let keys = LinkKeys::derive(&root("one!"), None);
        prop_assert_eq!(keys.verify(&LinkToken::from_text(text)), Err(NotGenuine));
    }

    /// Text that is no part of a token, inserted at any place and any number of times.
    #[test]
    fn a_token_is_found_through_what_its_way_added(
        places in prop::collection::vec((0usize..=76, concat!(
            r#"([ \t\r\n.,;:>)<("'*!?=\[\]{}|/\\]|\PC|\u{200b}|\u{ad}"#,
            r"|%0D%0A|%20|%E2%80%8B|=\r\n|&#8203;|&nbsp;)",
        )), 0..6),
        before in concat!(
            r"(|3D|=3D|token=|token=3D|<|https://invitations\.example\.com/activate\?token=",
            r"|https%3A%2F%2Fa\.example%2F%3Ftoken%3D)",
        ),
        behind in r"(|>|\.|&utm_source=mail|#top| Thank you|%0D%0A|=20|=3D|>\.|-|_)",
    ) {
        let keys = LinkKeys::derive(&root("one!"), None);
        let good = keys.sign(claim());
        let mut text = good.expose().to_owned();
        let mut places = places;
        places.sort();
        for (place, added) in places.into_iter().rev() {
            // A character that may stand for one of the token's own, such as a full-width letter, is not
            // removed.
            let is_one = added.chars().count() == 1;
            if is_one && !LinkToken::from_text(added.clone()).expose().is_empty() {
                continue;
            }
            text.insert_str(place, &added);
        }
        // A single `&` or `%` may form an escape with the text after it, which is indistinguishable from a
        // real one.
        prop_assume!(!lone_escape(&text));
        let sent = LinkToken::from_text(format!("{before}{text}{behind}"));
        prop_assert_eq!(keys.verify(&sent), Ok(claim()), "{}", sent.expose());
    }

    #[test]
    fn half_a_token_is_none(length in 0usize..76) {
        let keys = LinkKeys::derive(&root("one!"), None);
        let half = keys.sign(claim()).expose().chars().take(length).collect();
        prop_assert_eq!(keys.verify(&LinkToken::from_text(half)), Err(NotGenuine));
    }
}
