//! The networks from which an API client may call.

// `core::net` has only addresses as values, and no sockets.
use core::net::IpAddr;
use std::{fmt, str::FromStr};

use ipnet::{IpNet, Ipv4Net};

use crate::domain::client_address::ClientAddress;

/// Networks; without any, every address is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

/// A text is neither an address nor a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This takes an address or a network, as 203.0.113.7, 198.51.100.0/24 or 2001:db8::/32.")]
pub struct InvalidNetwork;

impl Networks {
    /// The most that a client may have.
    pub const MAX: usize = 20;

    /// One of a list: an address, or a network in CIDR notation (RFC 4632 §3.1), whose host part is cut off.
    ///
    /// # Errors
    /// [`InvalidNetwork`].
    pub fn parse_one(text: &str) -> Result<IpNet, InvalidNetwork> {
        let address = || text.parse::<IpAddr>().map(IpNet::from);
        let network = text.parse::<IpNet>().or_else(|_| address()).map_err(|_| InvalidNetwork)?;
        Ok(canonical(network).trunc())
    }

    /// Whether a client at this address may call.
    #[must_use]
    pub fn allow(&self, client: ClientAddress) -> bool {
        self.0.is_empty() || self.0.iter().any(|network| network.contains(&client.address()))
    }

    /// Each as text, in CIDR notation.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(IpNet::to_string).collect()
    }

    /// Whether every address is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// IPv4 addresses in IPv6 form (RFC 4291 §2.5.5.2) as IPv4: [`ClientAddress`] has no others.
fn canonical(network: IpNet) -> IpNet {
    let IpAddr::V4(address) = network.addr().to_canonical() else { return network };
    let length = if network.addr().is_ipv6() { network.prefix_len().checked_sub(96) } else { None };
    length.and_then(|length| Ipv4Net::new(address, length).ok()).map_or(network, IpNet::V4)
}

/// Each network once.
impl FromIterator<IpNet> for Networks {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        let mut kept = Vec::new();
        for network in networks {
            if !kept.contains(&network) {
                kept.push(network);
            }
        }
        Self(kept)
    }
}

/// The stored form: separated by commas.
impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts().join(","))
    }
}

impl FromStr for Networks {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        text.split(',').filter(|one| !one.is_empty()).map(Self::parse_one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_of_both_families() {
        for (text, stored) in [
            ("203.0.113.7", "203.0.113.7/32"),
            ("198.51.100.9/24", "198.51.100.0/24"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::ffff:203.0.113.7", "203.0.113.7/32"),
            ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            let network = Networks::parse_one(text).unwrap();
            assert_eq!(network.to_string(), stored, "{text}");
            let networks = Networks::from_iter([network, network]);
            assert_eq!((networks.to_string().parse(), networks.texts().len()), (Ok(networks), 1));
        }
        for text in ["", " ", "localhost", "10.0.0.0/33", "10.0.0/8", "10.0.0.1-10.0.0.9", "::/129", "1"] {
            assert_eq!(Networks::parse_one(text), Err(InvalidNetwork), "{text}");
        }
    }

    #[test]
    fn an_address_is_within_or_not() {
        let networks: Networks = "203.0.113.0/24,2001:db8::/32".parse().unwrap();
        let allows = |address: &str| networks.allow(ClientAddress::new(address.parse().unwrap()));
        assert!(["203.0.113.7", "::ffff:203.0.113.7", "2001:db8:1::2"].into_iter().all(allows));
        assert!(!["203.0.114.7", "2001:db9::1", "::"].into_iter().any(allows));
        assert!(Networks::default().allow(ClientAddress::unspecified()));
    }
}
