//! The host name in EHLO: the operator's, this machine's where it is fully qualified, or else the address of
//! the connection.

use std::net::IpAddr;

use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;

/// The host name in EHLO and HELO. By default, after RFC 5321 §4.1.4: the machine's name, where that has a
/// domain, or an address literal.
#[derive(Debug, Clone, Default)]
pub struct EhloName(Option<String>);

impl EhloName {
    /// Parses the operator's name: a host name, or an address in brackets.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let literal = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let is_address = literal.is_some_and(|literal| match literal.strip_prefix("IPv6:") {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => literal.parse::<std::net::Ipv4Addr>().is_ok(),
        });
        if is_address || is_host_name(text) {
            return Ok(Self(Some(text.to_owned())));
        }
        Err("is neither a host name, as mail.example.com, nor an address in brackets, as [192.0.2.1] or \
            [IPv6:2001:db8::1]")
    }

    /// The name to use on this connection.
    pub(super) fn over(&self, stream: &TcpStream) -> ClientId {
        let own = || match ClientId::default() {
            ClientId::Domain(name) if is_fully_qualified(&name) => Some(name),
            _ => None,
        };
        let local = || stream.local_addr().map(|address| address.ip().to_canonical());
        match (self.0.clone().or_else(own), local()) {
            (Some(name), _) => ClientId::Domain(name),
            (None, Ok(IpAddr::V4(address))) => ClientId::Ipv4(address),
            (None, Ok(IpAddr::V6(address))) => ClientId::Ipv6(address),
            // A connection without a local address is about to fail.
            (None, Err(_)) => ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST),
        }
    }
}

/// RFC 5321 §2.3.5: a name that the DNS may resolve. Default names of containers and new machines are
/// excluded.
fn is_fully_qualified(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    is_host_name(name)
        && name.contains('.')
        && !matches!(last.to_ascii_lowercase().as_str(), "localdomain" | "localhost")
}

/// Letters, digits and hyphens, in labels of 63 at most (RFC 1123 §2.1); no IP address, which needs brackets.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number =
        name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    name.len() <= 253 && !is_number && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_and_addresses_in_brackets_are_names() {
        for good in
            ["mail.example.com", "relay", "xn--bcher-kva.example", "[192.0.2.1]", "[IPv6:2001:db8::1]"]
        {
            assert!(EhloName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "mail example",
            "a\r\nRSET",
            "192.0.2.1",
            "[mail]",
            "[2001:db8::1]",
            "-a.example",
            "a..b",
            "b\u{fc}cher.example",
        ] {
            assert!(EhloName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_without_a_domain_is_not_said_for_this_machine() {
        for (name, good) in [
            ("mail.example.com", true),
            ("relay", false),
            ("localhost", false),
            ("localhost.localdomain", false),
            ("a1b2c3d4e5f6", false),
            ("my_host.example.com", false),
            ("", false),
        ] {
            assert_eq!(is_fully_qualified(name), good, "{name}");
        }
    }
}
