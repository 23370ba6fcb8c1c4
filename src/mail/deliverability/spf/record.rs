//! The text of an SPF record (RFC 7208 §4.6.1, §5).

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

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
    Include(String),
    A(Option<String>, Prefixes),
    Mx(Option<String>, Prefixes),
    Ptr,
    Network(IpNet),
    Exists(String),
}

/// The lengths of IPv4 and IPv6 prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefixes(pub u8, pub u8);

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SpfRecord {
    pub terms: Vec<(Qualifier, Mechanism)>,
    pub redirect: Option<String>,
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
        for term in text.split(' ').skip(1).filter(|term| !term.is_empty()) {
            let fault = || format!("{term:?} is no term of SPF");
            if let Some((name, value)) = modifier(term) {
                let is_redirect = name.eq_ignore_ascii_case("redirect");
                if is_redirect && (value.is_empty() || record.redirect.replace(value.to_owned()).is_some()) {
                    return Err(fault());
                }
                // Other modifiers have no effect (§6).
                continue;
            }
            record.terms.push(directive(term).ok_or_else(fault)?);
        }
        Ok(record)
    }
}

/// `name=value`, where the sign comes before any `:` and `/`.
fn modifier(term: &str) -> Option<(&str, &str)> {
    term.split_once('=').filter(|(name, _)| !name.is_empty() && !name.contains([':', '/']))
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
    let value = argument.strip_prefix(':').filter(|value| !value.is_empty());
    let mechanism = match name.to_ascii_lowercase().as_str() {
        "all" if argument.is_empty() => Mechanism::All,
        "include" => Mechanism::Include(value?.to_owned()),
        "exists" => Mechanism::Exists(value?.to_owned()),
        "ptr" if argument.is_empty() || value.is_some() => Mechanism::Ptr,
        "ip4" => Mechanism::Network(ip4(value?)?),
        "ip6" => Mechanism::Network(ip6(value?)?),
        "a" | "mx" => {
            let (host, prefixes) = host_and_prefixes(argument)?;
            if name.eq_ignore_ascii_case("a") {
                Mechanism::A(host, prefixes)
            } else {
                Mechanism::Mx(host, prefixes)
            }
        }
        _ => return None,
    };
    Some((qualifier, mechanism))
}

fn ip4(text: &str) -> Option<IpNet> {
    let (address, length) = text.split_once('/').unwrap_or((text, "32"));
    Ipv4Net::new(address.parse().ok()?, length.parse().ok()?).ok().map(IpNet::V4)
}

fn ip6(text: &str) -> Option<IpNet> {
    let (address, length) = text.split_once('/').unwrap_or((text, "128"));
    Ipv6Net::new(address.parse().ok()?, length.parse().ok()?).ok().map(IpNet::V6)
}

/// `[:host][/24][//64]`.
fn host_and_prefixes(argument: &str) -> Option<(Option<String>, Prefixes)> {
    let (host, lengths) = argument.split_at(argument.find('/').unwrap_or(argument.len()));
    let host = match host.strip_prefix(':') {
        Some("") => return None,
        Some(host) => Some(host.to_owned()),
        None => None,
    };
    let (v4, v6) = match lengths.split_once("//") {
        Some((v4, v6)) => (v4, Some(v6)),
        None => (lengths, None),
    };
    let length = |text: Option<&str>, most: u8| match text {
        None | Some("") => Some(most),
        Some(text) => text.parse().ok().filter(|length| *length <= most),
    };
    Some((host, Prefixes(length(v4.strip_prefix('/'), 32)?, length(v6, 128)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read() {
        let text = "v=spf1 ip4:192.0.2.0/24 -ip6:2001:db8::1 a mx:mail.example.com/28//64 \
            ?include:_spf.example.net exists:%{i}.example.com ~ptr redirect=example.org exp=why.example.com \
            unknown=x  -ALL";
        let record = SpfRecord::parse(text).unwrap();
        let pass = Qualifier::Pass;
        let host = |host: &str| Some(host.to_owned());
        let networks = |text: &str| Mechanism::Network(text.parse().unwrap());
        let terms = [
            (pass, networks("192.0.2.0/24")),
            (Qualifier::Fail, networks("2001:db8::1/128")),
            (pass, Mechanism::A(None, Prefixes(32, 128))),
            (pass, Mechanism::Mx(host("mail.example.com"), Prefixes(28, 64))),
            (Qualifier::Neutral, Mechanism::Include("_spf.example.net".to_owned())),
            (pass, Mechanism::Exists("%{i}.example.com".to_owned())),
            (Qualifier::SoftFail, Mechanism::Ptr),
            (Qualifier::Fail, Mechanism::All),
        ];
        assert_eq!((record.terms.as_slice(), record.redirect), (&terms[..], host("example.org")));
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
            "redirect=",
            "-",
            "\u{e9}",
        ] {
            let fault = SpfRecord::parse(&format!("v=spf1 {term} -all")).unwrap_err();
            assert!(fault.contains("is no term of SPF"), "{term}");
        }
        assert!(SpfRecord::parse("v=spf1 redirect=a.example redirect=b.example").is_err());
    }
}
