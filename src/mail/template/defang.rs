//! Changes names so that no mail program turns them into a link.
//!
//! Mail programs turn addresses in plain text, such as `evil.example`, into links. A name that is an address
//! would become a link of its owner's in a letter of the operator's.

use std::net::Ipv4Addr;

/// Invisible, not read aloud, and ends every address.
const ZERO_WIDTH_SPACE: char = '\u{200B}';
/// The separators of a host name's labels (UTS 46 §4: the last three are mapped to the first).
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{FF0E}', '\u{FF61}'];

/// The name with a zero-width space wherever an address would continue: after the colon of `://`, after a dot
/// with a label of two letters or more after it, as every top-level domain has them, after each dot of an
/// IPv4 address, and after an `@` within a word. Initials (`J.R.R.`, `B.V.`) are unchanged.
pub(in crate::mail) fn defang(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut in_word = false;
    for (at, c) in name.char_indices() {
        text.push(c);
        let rest = name.get(at + c.len_utf8()..).unwrap_or_default();
        let ends_an_address = match c {
            ':' => rest.starts_with("//"),
            '@' => in_word && rest.starts_with(|next: char| !next.is_whitespace()),
            dot if DOTS.contains(&dot) => {
                in_word && (begins_with_a_label(rest) || is_within_ipv4(name, at, rest))
            }
            _ => false,
        };
        if ends_an_address {
            text.push(ZERO_WIDTH_SPACE);
        }
        in_word = !c.is_whitespace();
    }
    text
}

fn begins_with_a_label(rest: &str) -> bool {
    rest.split(|c: char| c.is_whitespace() || DOTS.contains(&c))
        .next()
        .is_some_and(|label| letters(label) >= 2)
}

fn letters(label: &str) -> usize {
    label.chars().filter(|c| c.is_alphabetic()).count()
}

/// Whether the dot at `at` is between two of four numbers.
fn is_within_ipv4(name: &str, at: usize, rest: &str) -> bool {
    let other = |c: char| !(c.is_ascii_digit() || c == '.');
    let before = name.split_at(at).0.rsplit(other).next().unwrap_or_default();
    let behind = rest.split(other).next().unwrap_or_default();
    let address = format!("{before}.{behind}");
    behind.starts_with(|c: char| c.is_ascii_digit()) && address.trim_matches('.').parse::<Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `|` stands for the zero-width space.
    fn shown(name: &str) -> String {
        defang(name).replace(ZERO_WIDTH_SPACE, "|")
    }

    #[test]
    fn addresses_are_broken_where_they_would_go_on() {
        for (name, broken) in [
            ("https://evil.example/pay Click now", "https:|//evil.|example/pay Click now"),
            ("http://localhost/x", "http:|//localhost/x"),
            ("evil.example", "evil.|example"),
            ("pay at WWW.Evil.Example.", "pay at WWW.|Evil.|Example."),
            ("Booking.com B.V.", "Booking.|com B.V."),
            ("t.co/x", "t.|co/x"),
            ("ada@evil.example", "ada@|evil.|example"),
            ("mailto:a@b", "mailto:a@|b"),
            (
                "evil\u{3002}example, b\u{fc}cher\u{FF0E}de \u{1F4A9}.la",
                "evil\u{3002}|example, b\u{fc}cher\u{FF0E}|de \u{1F4A9}.|la",
            ),
            (
                "\u{43F}\u{43E}\u{447}\u{442}\u{430}.\u{440}\u{444}",
                "\u{43F}\u{43E}\u{447}\u{442}\u{430}.|\u{440}\u{444}",
            ),
            ("x.xn--p1ai", "x.|xn--p1ai"),
            ("Pay at 192.0.2.7:80/x", "Pay at 192.|0.|2.|7:80/x"),
            ("see http://192.0.2.7.", "see http:|//192.|0.|2.|7."),
        ] {
            assert_eq!(shown(name), broken);
        }
    }

    #[test]
    fn names_that_are_no_addresses_stay_as_they_are() {
        for name in [
            "J.R.R. Tolkien",
            "Dr. Smith",
            "B.V.",
            "Acme B.V.",
            "Grace Hopper Jr.",
            "U.S.A.",
            "Version 2.0",
            "1.2.3.400",
            "A...B .com",
            "Charging @ home",
            "@ada",
            "Home: 1//2",
            "\u{674E}\u{3002}",
            "",
        ] {
            assert_eq!(defang(name), name);
        }
    }
}
