//! Which addresses are on the public internet: keys are fetched and webhooks are sent to no others unless the
//! operator allows it, so that such a URL is no way into a network (OWASP: Server Side Request Forgery
//! Prevention).

// `core::net` has only addresses as values, and no sockets.
use core::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::IpNet;
use url::{Host, Url};

/// Special-purpose networks that are not globally reachable (RFC 6890 and IANA's registries), with
/// multicast, and the IPv6 networks that lead to IPv4 addresses.
static PRIVATE: LazyLock<Vec<IpNet>> =
    LazyLock::new(|| NETWORKS.iter().filter_map(|text| text.parse().ok()).collect());

const NETWORKS: [&str; 30] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    // Also where clouds have their metadata.
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    // The former relays of 6to4 (RFC 7526).
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/127",
    // IPv4-translated addresses (RFC 2765 §2.1).
    "::ffff:0:0:0/96",
    // NAT64 (RFC 6052, RFC 8215).
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    // Dummy addresses (RFC 9780).
    "100:0:0:1::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    // Segment routing (RFC 9602).
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    // Site-local addresses (RFC 3879).
    "fec0::/10",
    "ff00::/8",
];

/// Whether an address is not on the public internet.
#[must_use]
pub fn is_private(address: IpAddr) -> bool {
    let address = address.to_canonical();
    // IPv4-compatible addresses (`::10.0.0.1`) are not in use (RFC 4291 §2.5.5.1).
    let is_compatible = |address: Ipv6Addr| address.segments()[..6] == [0; 6];
    matches!(address, IpAddr::V6(address) if is_compatible(address))
        || PRIVATE.iter().any(|network| network.contains(&address))
}

/// Whether a URL leads to this machine by what it says: `localhost` or a loopback address.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_form() {
        assert_eq!(PRIVATE.len(), NETWORKS.len());
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "fd00::1",
            "fe80::1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "64:ff9b:1::a00:1",
            "::ffff:0:10.0.0.1",
            "192.88.99.1",
            "5f00::1",
            "fec0::1",
            "100:0:0:1::1",
        ] {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in
            ["1.1.1.1", "172.32.0.1", "192.167.255.255", "2606:4700::1111", "::ffff:8.8.8.8", "100.128.0.1"]
        {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn a_url_leads_to_this_machine_by_what_it_says() {
        let is = |url: &str| is_loopback(&Url::parse(url).unwrap());
        for here in [
            "http://localhost:1",
            "http://LOCALHOST.",
            "http://127.9.9.9",
            "http://[::1]:2",
            "http://a.localhost",
        ] {
            assert!(is(here), "{here}");
        }
        for away in
            ["http://localhost.example.com", "http://10.0.0.1", "http://[::2]", "https://id.example.com"]
        {
            assert!(!is(away), "{away}");
        }
    }
}
