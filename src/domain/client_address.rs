//! The network address of a client, and the address blocks by which clients are counted.

// `core::net` has only addresses as values, and no sockets.
use core::net::{IpAddr, Ipv6Addr};
use std::fmt;

use ipnet::IpNet;

/// The network address from which a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// An address; an IPv4 address in IPv6 form (RFC 4291 §2.5.5.2) becomes the IPv4 address.
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// The address of a client without one: its socket has no peer address.
    #[must_use]
    pub fn unspecified() -> Self {
        Self(IpAddr::V6(Ipv6Addr::UNSPECIFIED))
    }

    /// The address itself.
    #[must_use]
    pub fn address(self) -> IpAddr {
        self.0
    }

    /// The block that counts as one client: an IPv4 address, or a /64 of IPv6, within which a host chooses
    /// its address freely (RFC 4291 §2.5.4).
    #[must_use]
    pub fn host(self) -> IpNet {
        block(self.0, 32, 64)
    }

    /// The block of one site and its neighbours: an IPv4 /24, the smallest block that is routed; an IPv6 /48,
    /// the usual assignment to a site (RFC 6177).
    #[must_use]
    pub fn network(self) -> IpNet {
        block(self.0, 24, 48)
    }
}

fn block(address: IpAddr, v4: u8, v6: u8) -> IpNet {
    let length = if address.is_ipv4() { v4 } else { v6 };
    IpNet::new(address, length).map_or_else(|_| IpNet::from(address), |block| block.trunc())
}

/// The unspecified one.
impl Default for ClientAddress {
    fn default() -> Self {
        Self::unspecified()
    }
}

/// The network alone: log lines must not contain the full address of a person.
impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.network().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_both_families() {
        for (address, host, network) in [
            ("203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
            ("::1", "::/64", "::/48"),
        ] {
            let client = ClientAddress::new(address.parse().unwrap());
            assert_eq!(
                (client.host().to_string().as_str(), client.network().to_string().as_str()),
                (host, network)
            );
            assert_eq!(client.to_string(), network);
        }
    }
}
