//! The macro language of SPF (RFC 7208 §7): names in a record that depend on the letter.

use std::net::IpAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The most characters of a name that is looked up (§7.3).
const MAX_NAME: usize = 253;
/// What an upper-case macro letter leaves as it is: the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a macro stands for (§7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variable {
    /// `s`: the sender in the envelope.
    Sender,
    /// `l`: the part of it before the `@`.
    LocalPart,
    /// `o`: its domain.
    SenderDomain,
    /// `d`: the domain whose record is evaluated.
    Domain,
    /// `i`: the address from which the letter comes; of IPv6 one digit a label.
    Address,
    /// `p`: the name of that address.
    ValidatedName,
    /// `v`: `in-addr` or `ip6`.
    Family,
    /// `h`: the name in HELO or EHLO.
    Helo,
    /// `c`, `r`, `t`: for explanations alone, which this program does not read.
    OfExplanations,
}

impl Variable {
    fn of(letter: char) -> Option<Self> {
        Some(match letter.to_ascii_lowercase() {
            's' => Self::Sender,
            'l' => Self::LocalPart,
            'o' => Self::SenderDomain,
            'd' => Self::Domain,
            'i' => Self::Address,
            'p' => Self::ValidatedName,
            'v' => Self::Family,
            'h' => Self::Helo,
            'c' | 'r' | 't' => Self::OfExplanations,
            _ => return None,
        })
    }
}

/// What macros stand for in one evaluation.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// In the form of IPv4, where it is one.
    pub address: IpAddr,
    /// `local@domain`.
    pub sender: &'a str,
    pub domain: &'a str,
    pub helo: &'a str,
    /// `unknown`, where the address has no name that leads back to it.
    pub validated_name: &'a str,
}

impl Values<'_> {
    fn of(&self, variable: Variable) -> String {
        let (local, domain) = self.sender.rsplit_once('@').unwrap_or(("", self.sender));
        match variable {
            Variable::Sender => self.sender.to_owned(),
            Variable::LocalPart => local.to_owned(),
            Variable::SenderDomain => domain.to_owned(),
            Variable::Domain => self.domain.to_owned(),
            Variable::Address => match self.address {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => {
                    let digits = address.octets().map(|byte| format!("{:x}.{:x}", byte >> 4, byte & 15));
                    digits.join(".")
                }
            },
            Variable::ValidatedName => self.validated_name.to_owned(),
            Variable::Family => if self.address.is_ipv4() { "in-addr" } else { "ip6" }.to_owned(),
            Variable::Helo => self.helo.to_owned(),
            Variable::OfExplanations => String::new(),
        }
    }
}

/// A text with macros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MacroString(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    /// `%%`, `%_` and `%-`.
    Escape(&'static str),
    Macro(Macro),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Macro {
    variable: Variable,
    is_escaped: bool,
    /// How many parts are used, counted from the right.
    parts: Option<usize>,
    is_reversed: bool,
    /// Empty for a dot.
    delimiters: String,
}

impl MacroString {
    /// `None` where the text is not of the grammar (§7.1).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            pieces.push(literal(before)?);
            let (piece, next) = read_escape(after)?;
            pieces.push(piece);
            rest = next;
        }
        pieces.push(literal(rest)?);
        pieces.retain(|piece| !matches!(piece, Piece::Literal(text) if text.is_empty()));
        Some(Self(pieces))
    }

    fn expand(&self, values: &Values<'_>) -> String {
        let expand = |piece: &Piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Escape(text) => (*text).to_owned(),
            Piece::Macro(one) => one.expand(&values.of(one.variable)),
        };
        self.0.iter().map(expand).collect()
    }

    fn variables(&self) -> impl Iterator<Item = Variable> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Macro(one) => Some(one.variable),
            Piece::Literal(_) | Piece::Escape(_) => None,
        })
    }
}

fn literal(text: &str) -> Option<Piece> {
    text.bytes().all(|byte| byte.is_ascii_graphic()).then(|| Piece::Literal(text.to_owned()))
}

/// Reads what stands after a `%`; and what follows it.
fn read_escape(text: &str) -> Option<(Piece, &str)> {
    let escape = [("%", "%"), ("_", " "), ("-", "%20")]
        .into_iter()
        .find_map(|(sign, meaning)| Some((Piece::Escape(meaning), text.strip_prefix(sign)?)));
    escape.or_else(|| {
        let (body, rest) = text.strip_prefix('{')?.split_once('}')?;
        Some((Piece::Macro(Macro::parse(body)?), rest))
    })
}

impl Macro {
    /// What stands between the braces: `l1r-`.
    fn parse(body: &str) -> Option<Self> {
        let mut letters = body.chars();
        let letter = letters.next()?;
        let rest = letters.as_str();
        let delimiters = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = rest.strip_suffix(delimiters)?;
        let parts = match digits {
            "" => None,
            // More parts than a number can count are all of them.
            digits => Some(digits.parse().unwrap_or(usize::MAX)),
        };
        let reversed = delimiters.strip_prefix(['r', 'R']);
        let delimiters = reversed.unwrap_or(delimiters);
        (parts != Some(0) && delimiters.chars().all(|c| ".-+,/_=".contains(c))).then_some(Self {
            variable: Variable::of(letter)?,
            is_escaped: letter.is_ascii_uppercase(),
            parts,
            is_reversed: reversed.is_some(),
            delimiters: delimiters.to_owned(),
        })
    }

    fn expand(&self, value: &str) -> String {
        let delimiters = if self.delimiters.is_empty() { "." } else { &self.delimiters };
        let mut parts: Vec<&str> = value.split(|c| delimiters.contains(c)).collect();
        if self.is_reversed {
            parts.reverse();
        }
        let unused = self.parts.map_or(0, |used| parts.len().saturating_sub(used));
        let text = parts.split_off(unused).join(".");
        if self.is_escaped { utf8_percent_encode(&text, ESCAPED).to_string() } else { text }
    }
}

/// The name of a domain in a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainSpec(MacroString);

impl DomainSpec {
    /// `None` where the text is no name: it ends in a macro, or in a dot and a name that a top-level domain
    /// can have (§7.1).
    pub fn parse(text: &str) -> Option<Self> {
        let spec = MacroString::parse(text)?;
        let is_known = spec.variables().all(|variable| variable != Variable::OfExplanations);
        let is_end = match spec.0.last()? {
            Piece::Macro(_) | Piece::Escape(_) => true,
            Piece::Literal(_) => text
                .strip_suffix('.')
                .unwrap_or(text)
                .rsplit_once('.')
                .is_some_and(|(_, label)| is_top_level(label)),
        };
        (is_known && is_end).then_some(Self(spec))
    }

    /// The name to look up: where it is too long, without the labels at its beginning that are too many.
    pub fn expand(&self, values: &Values<'_>) -> String {
        let name = self.0.expand(values).to_ascii_lowercase();
        let mut name = name.trim_end_matches('.');
        while name.len() > MAX_NAME
            && let Some((_, rest)) = name.split_once('.')
        {
            name = rest;
        }
        name.to_owned()
    }

    /// Whether the name has a macro of this variable.
    pub fn needs(&self, variable: Variable) -> bool {
        self.0.variables().any(|other| other == variable)
    }

    /// Whether the name is the same for every letter of a domain.
    pub fn is_fixed(&self) -> bool {
        self.0.variables().all(|variable| matches!(variable, Variable::Domain | Variable::SenderDomain))
    }
}

fn is_top_level(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().any(|byte| !byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(address: &str) -> Values<'static> {
        Values {
            address: address.parse().unwrap(),
            sender: "strong-bad@email.example.com",
            domain: "email.example.com",
            helo: "mx.example.org",
            validated_name: "mx.example.org",
        }
    }

    fn expand(text: &str, address: &str) -> String {
        MacroString::parse(text).unwrap().expand(&values(address))
    }

    /// The table of RFC 7208 §7.4.
    #[test]
    fn the_examples_of_the_standard_are_expanded_as_it_says() {
        for (text, wanted) in [
            ("%{s}", "strong-bad@email.example.com"),
            ("%{o}", "email.example.com"),
            ("%{d}", "email.example.com"),
            ("%{d4}", "email.example.com"),
            ("%{d3}", "email.example.com"),
            ("%{d2}", "example.com"),
            ("%{d1}", "com"),
            ("%{dr}", "com.example.email"),
            ("%{d2r}", "example.email"),
            ("%{l}", "strong-bad"),
            ("%{l-}", "strong.bad"),
            ("%{lr}", "strong-bad"),
            ("%{lr-}", "bad.strong"),
            ("%{l1r-}", "strong"),
            ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
            ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
            ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
            ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
            ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ] {
            assert_eq!(expand(text, "192.0.2.3"), wanted, "{text}");
        }
        assert_eq!(
            expand("%{ir}.%{v}._spf.%{d2}", "2001:db8::cb01"),
            "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"
        );
    }

    #[test]
    fn escapes_delimiters_and_upper_case_letters() {
        for (text, wanted) in [
            ("%%%_%-x", "% %20x"),
            ("%{S}", "strong-bad%40email.example.com"),
            ("%{l+-}.%{h1R}.%{p2}", "strong.bad.mx.example.org"),
            ("%{d99999999999999999999}", "email.example.com"),
            ("", ""),
        ] {
            assert_eq!(expand(text, "192.0.2.3"), wanted, "{text}");
        }
        for text in
            ["%", "%{", "%{}", "%{d", "%{d0}", "%{x}", "%{d*}", "%{dr2}", "%(d)", "%{s1@}", "a b", "\u{e9}"]
        {
            assert_eq!(MacroString::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_ends_in_a_macro_or_in_a_top_level_domain() {
        for text in
            ["a.example", "a.example.", "%{i}.a.example", "%{d}", "a.%%", "_spf.x-1.xn--p1ai", "a.b/c.d"]
        {
            assert!(DomainSpec::parse(text).is_some(), "{text}");
        }
        for text in
            ["", ".", "example", "a.123", "a.example:25", "a.-b", "a.b-", "a..", "%{d}x", "%{c}.example"]
        {
            assert_eq!(DomainSpec::parse(text), None, "{text}");
        }
        let name = |text: &str| DomainSpec::parse(text).unwrap();
        assert!(name("%{i}.a.example").needs(Variable::Address) && !name("%{d}").needs(Variable::Address));
        assert!(name("%{d}._spf.%{o}").is_fixed() && name("a.example").is_fixed());
        assert!(!name("%{l}.a.example").is_fixed());
    }

    #[test]
    fn a_name_that_is_too_long_loses_its_first_labels() {
        let label = "x".repeat(57);
        let long = DomainSpec::parse(&format!("first.%{{l}}.{label}.{label}.{label}.Example.com.")).unwrap();
        let local = format!("{}.{label}", "y".repeat(30));
        let sender = format!("{local}@example.com");
        let name = long.expand(&Values { sender: &sender, ..values("192.0.2.3") });
        assert_eq!(name, format!("{label}.{label}.{label}.{label}.example.com"));
        assert!(name.len() <= MAX_NAME && name.len() + ".".len() + 30 > MAX_NAME);
    }
}
