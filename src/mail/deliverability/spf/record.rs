//! The text of an SPF record (RFC 7208 §4.6.1, §5, §12).

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::macros::{DomainSpec, MacroString};

/// What a term says of an address that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qualifier {
    Pass,
    Fail,
    SoftFail,
    Neutral,
}

/// What a term matches. A host that is not named is the domain of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mechanism {
    All,
    Include(DomainSpec),
    A(Option<DomainSpec>, Prefixes),
    Mx(Option<DomainSpec>, Prefixes),
    Ptr(Option<DomainSpec>),
    Network(IpNet),
    Exists(DomainSpec),
}

/// The lengths of IPv4 and IPv6 prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefixes(pub u8, pub u8);

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SpfRecord {
    pub terms: Vec<(Qualifier, Mechanism)>,
    pub redirect: Option<DomainSpec>,
}

/// Whether a TXT record is one of SPF.
pub fn is_spf(text: &str) -> bool {
    let mut words = text.splitn(2, ' ');
    words.next().is_some_and(|version| version.eq_ignore_ascii_case("v=spf1"))
}

impl SpfRecord {
    /// # Errors
    /// The term that cannot be read.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut record = Self { terms: Vec::new(), redirect: None };
        let mut is_explained = false;
        for term in text.split(' ').skip(1).filter(|term| !term.is_empty()) {
            let fault = || format!("{term:?} is no term of SPF");
            match modifier(term) {
                None => record.terms.push(directive(term).ok_or_else(fault)?),
                Some((name, value)) if name.eq_ignore_ascii_case("redirect") => {
                    let target = DomainSpec::parse(value).ok_or_else(fault)?;
                    if record.redirect.replace(target).is_some() {
                        return Err(fault());
                    }
                }
                // The explanation of a refusal has no effect on the result.
                Some((name, value)) if name.eq_ignore_ascii_case("exp") => {
                    let is_first = !std::mem::replace(&mut is_explained, true);
                    DomainSpec::parse(value).filter(|_| is_first).ok_or_else(fault)?;
                }
                // Other modifiers have no effect either (§6).
                Some((_, value)) => {
                    MacroString::parse(value).ok_or_else(fault)?;
                }
            }
        }
        Ok(record)
    }
}

/// `name=value`. In a directive a `:`, a `/` or a macro comes before any `=`.
fn modifier(term: &str) -> Option<(&str, &str)> {
    let (name, value) = term.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    is_name.then_some((name, value))
}

fn directive(term: &str) -> Option<(Qualifier, Mechanism)> {
    let (qualifier, rest) = match term.split_at_checked(1)? {
        ("+", rest) => (Qualifier::Pass, rest),
        ("-", rest) => (Qualifier::Fail, rest),
        ("~", rest) => (Qualifier::SoftFail, rest),
        ("?", rest) => (Qualifier::Neutral, rest),
        _ => (Qualifier::Pass, term),
    };
    let end = rest.find([':', '/']).unwrap_or(rest.len());
    let (name, argument) = rest.split_at(end);
    let value = argument.strip_prefix(':');
    let mechanism = match name.to_ascii_lowercase().as_str() {
        "all" if argument.is_empty() => Mechanism::All,
        "include" => Mechanism::Include(DomainSpec::parse(value?)?),
        "exists" => Mechanism::Exists(DomainSpec::parse(value?)?),
        "ptr" if argument.is_empty() => Mechanism::Ptr(None),
        "ptr" => Mechanism::Ptr(Some(DomainSpec::parse(value?)?)),
        "ip4" => Mechanism::Network(ip4(value?)?),
        "ip6" => Mechanism::Network(ip6(value?)?),
        "a" => {
            let (host, prefixes) = host_and_prefixes(argument)?;
            Mechanism::A(host, prefixes)
        }
        "mx" => {
            let (host, prefixes) = host_and_prefixes(argument)?;
            Mechanism::Mx(host, prefixes)
        }
        _ => return None,
    };
    Some((qualifier, mechanism))
}

fn ip4(text: &str) -> Option<IpNet> {
    let (address, digits) = text.split_once('/').unwrap_or((text, "32"));
    Ipv4Net::new(address.parse().ok()?, length(digits, 32)?).ok().map(IpNet::V4)
}

fn ip6(text: &str) -> Option<IpNet> {
    let (address, digits) = text.split_once('/').unwrap_or((text, "128"));
    Ipv6Net::new(address.parse().ok()?, length(digits, 128)?).ok().map(IpNet::V6)
}

/// `[:host][/24][//64]`. A host may contain slashes, so the lengths are taken off its end.
fn host_and_prefixes(argument: &str) -> Option<(Option<DomainSpec>, Prefixes)> {
    let (rest, v6) = without_length(argument, "//", 128)?;
    let (rest, v4) = without_length(rest, "/", 32)?;
    let host = match rest {
        "" => None,
        rest => Some(DomainSpec::parse(rest.strip_prefix(':')?)?),
    };
    Some((host, Prefixes(v4, v6)))
}

/// The text before a length that follows `sign`, and the length; `most`, where there is none.
fn without_length<'a>(text: &'a str, sign: &str, most: u8) -> Option<(&'a str, u8)> {
    let before = text.trim_end_matches(|c: char| c.is_ascii_digit());
    match (before.strip_suffix(sign), text.strip_prefix(before)?) {
        (None, _) | (_, "") => Some((text, most)),
        (Some(rest), digits) => Some((rest, length(digits, most)?)),
    }
}

/// A number without a sign and without zeros in front.
fn length(digits: &str, most: u8) -> Option<u8> {
    let is_plain =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits.len() == 1 || !digits.starts_with('0'));
    digits.parse().ok().filter(|length| is_plain && *length <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read() {
        let text = "v=spf1 ip4:192.0.2.0/24 -ip6:2001:db8::1 a mx:mail.example.com/28//64 \
            ?include:_spf.example.net exists:%{i=}.example.com ~ptr ptr:example.com \
            a:%{d}/8 mx:a/b.example/0 redirect=example.org exp=why.example.com \
            unknown=x  -ALL";
        let record = SpfRecord::parse(text).unwrap();
        let pass = Qualifier::Pass;
        let name = |text: &str| DomainSpec::parse(text).unwrap();
        let networks = |text: &str| Mechanism::Network(text.parse().unwrap());
        let terms = [
            (pass, networks("192.0.2.0/24")),
            (Qualifier::Fail, networks("2001:db8::1/128")),
            (pass, Mechanism::A(None, Prefixes(32, 128))),
            (pass, Mechanism::Mx(Some(name("mail.example.com")), Prefixes(28, 64))),
            (Qualifier::Neutral, Mechanism::Include(name("_spf.example.net"))),
            (pass, Mechanism::Exists(name("%{i=}.example.com"))),
            (Qualifier::SoftFail, Mechanism::Ptr(None)),
            (pass, Mechanism::Ptr(Some(name("example.com")))),
            (pass, Mechanism::A(Some(name("%{d}")), Prefixes(8, 128))),
            (pass, Mechanism::Mx(Some(name("a/b.example")), Prefixes(0, 128))),
            (Qualifier::Fail, Mechanism::All),
        ];
        assert_eq!((record.terms.as_slice(), record.redirect), (&terms[..], Some(name("example.org"))));
        assert!(is_spf("v=spf1") && is_spf("V=SPF1 -all") && !is_spf("v=spf10 -all") && !is_spf("spf"));
    }

    #[test]
    fn a_term_that_cannot_be_read_is_named() {
        for term in [
            "ip4:192.0.2.300",
            "ip4:192.0.2.0/33",
            "ip6:192.0.2.1",
            "include:",
            "include",
            "all:x",
            "a:",
            "a/33",
            "mx//129",
            "allow",
            "192.0.2.1",
            "a/024",
            "ip4:192.0.2.0/+24",
            "ip6:2001:db8::/",
            "a:example",
            "a:example.com/",
            "ptr:",
            "exists:%{x}.example",
            "exists:%{i",
            "include:%{d0}",
            "redirect=",
            "exp=",
            "other=%",
            "-all=x",
            "1=x",
            "-",
            "\u{e9}",
        ] {
            let fault = SpfRecord::parse(&format!("v=spf1 {term} -all")).unwrap_err();
            assert!(fault.contains("is no term of SPF"), "{term}");
        }
        for twice in ["redirect", "exp", "EXP"] {
            assert!(SpfRecord::parse(&format!("v=spf1 {twice}=a.example {twice}=b.example")).is_err());
        }
    }
}
