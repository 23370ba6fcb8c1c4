//! Whatever a message holds, it is read.

use proptest::prelude::*;

use super::*;

/// Pieces that messages are put together from, so that chance meets the reader's branches.
const PIECES: [&str; 25] = [
    "\n",
    "\r\n",
    "\n\n",
    "--b",
    "--b--\n",
    "--b\n",
    "Content-Type: multipart/report; boundary=b\n",
    "Content-Type: multipart/digest; boundary=\"b\"\n",
    "Content-Type: message/rfc822\n",
    "Content-Type: message/delivery-status\n",
    "Content-Type: message/feedback-report\n",
    "Content-Type: text/html; charset=utf-16\n",
    "Content-Type: text/plain; charset=iso-2022-jp\n",
    "Content-Type: text/x\0\u{1b}y\n",
    "Content-Transfer-Encoding: base64\n",
    "Content-Transfer-Encoding: quoted-printable\n",
    "Action: failed\n",
    "Status: 5.0.0\n",
    "Diagnostic-Code: smtp; 550 \u{e9} no\n ",
    "Final-Recipient: rfc822; ada@example.com\n",
    "=C3=\n",
    "PGh0bWw+\n",
    "<ltr_01m86vxvh0e3pt0yekqqme4qcm@voltmark.example>",
    "Subject: =?utf-8?b?8J+YgA==?= failed\n",
    "Date: Tue, 24 Nov 2026 25:61:00 +9999\n",
];

fn assert_read(message: &[u8]) {
    let mail = read(message);
    assert!(mail.at <= now() && mail.arrived_at.is_none_or(|at| at <= now()));
    assert!(mail.letter.is_some() == mail.found_by.is_some());
    assert!(mail.reason.is_none_or(|reason| reason.chars().count() <= 201));
    let masked = reader().masked(message);
    assert!(masked.len() <= 64 << 10);
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    assert!(!masked.contains(is_control), "{masked:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(message in prop::collection::vec(any::<u8>(), 0..2000)) {
        assert_read(&message);
    }

    #[test]
    fn any_order_of_pieces(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60)) {
        assert_read(pieces.concat().as_bytes());
    }

    /// A real message with a part of it cut out, and other bytes in its place.
    #[test]
    fn any_damage(
        which in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        length in 0_usize..400,
        other in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let names = names();
        let mut text = message(&names[which.index(names.len())]).into_bytes();
        let from = from.index(text.len());
        let end = (from + length).min(text.len());
        text.splice(from..end, other);
        assert_read(&text);
    }
}

#[test]
fn messages_that_end_anywhere_are_read() {
    for name in names() {
        let text = message(&name);
        for end in (0..text.len()).step_by(23) {
            assert_read(&text.as_bytes()[..end]);
        }
    }
}
