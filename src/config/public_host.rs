//! Which hosts are on the internet, and not on this machine or in a private network.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Names that public resolvers do not resolve: RFC 6761, RFC 6762, RFC 8375, and ICANN's `internal`.
const LOCAL_NAMES: [&str; 7] = ["localhost", "local", "internal", "test", "invalid", "home.arpa", "lan"];

/// The host of a URL, if it is public.
pub(super) fn of(url: &Url) -> Option<String> {
    let host = url.host()?;
    let public = match &host {
        Host::Domain(name) => is_public_name(name),
        Host::Ipv4(address) => is_public_v4(*address),
        Host::Ipv6(address) => is_public_v6(*address),
    };
    public.then(|| host.to_string())
}

fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    // A name without a dot is resolved by a search list, as in a container's network.
    name.contains('.')
        && !LOCAL_NAMES.iter().any(|local| name.strip_suffix(local).is_some_and(|rest| rest.ends_with('.')))
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    // RFC 6598: addresses between a provider and its customers.
    let shared = first == 100 && (64..128).contains(&second);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || shared)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.to_ipv4_mapped() {
        Some(v4) => is_public_v4(v4),
        None => {
            !(address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_hosts_are_distinguished_from_local_ones() {
        let host = |text: &str| of(&text.parse().unwrap());
        for url in [
            "http://invitations.example.com",
            "http://8.8.8.8:8080",
            "http://[2001:db8::1]",
            "http://172.32.0.1",
            "http://100.128.0.1",
            "http://local.example",
            "http://notlocalhost.com.",
            "http://[::ffff:8.8.8.8]",
        ] {
            assert!(host(url).is_some(), "{url}");
        }
        for url in [
            "http://127.0.0.1:8080",
            "http://localhost",
            "http://app.localhost",
            "http://[::1]:8080",
            "http://10.1.2.3",
            "http://172.16.0.1",
            "http://192.168.1.1",
            "http://169.254.1.1",
            "http://100.64.0.1",
            "http://0.0.0.0",
            "http://[fd00::1]",
            "http://[fe80::1]",
            "http://nas.local",
            "http://api.corp.internal",
            "http://x.test",
            "http://invitations:8080",
            "http://a.home.arpa.",
            "http://[::ffff:10.0.0.1]",
            "http://LOCALHOST",
        ] {
            assert_eq!(host(url), None, "{url}");
        }
    }
}
