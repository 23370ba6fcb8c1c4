//! Which addresses webhooks may be sent to.

// `core::net` has only addresses as values, and no sockets.
use core::net::IpAddr;

use ipnet::IpNet;

use crate::domain::public_address::is_private;

/// The networks that the operator named beside the public internet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiverNetworks(Vec<IpNet>);

impl ReceiverNetworks {
    /// These networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether the operator named a network with this address.
    #[must_use]
    pub fn names(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether a webhook may be sent to this address: by `https` to the public internet, and by either scheme
    /// to the networks that the operator named.
    #[must_use]
    pub fn allow(&self, address: IpAddr, is_encrypted: bool) -> bool {
        self.names(address) || is_encrypted && !is_private(address)
    }

    /// Whether the operator named none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_refused_in_every_form_unless_they_are_named() {
        let named = ReceiverNetworks::new(vec!["10.1.0.0/16".parse().unwrap()]);
        let allow = |text: &str, is_encrypted| named.allow(text.parse().unwrap(), is_encrypted);
        for address in ["10.1.2.3", "::ffff:10.1.2.3"] {
            assert!(allow(address, true) && allow(address, false), "{address}");
        }
        for address in [
            "10.2.0.1",
            "127.0.0.1",
            "::1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::a01:203",
            "fe80::1",
            "fd00::1",
            "0.0.0.0",
        ] {
            assert!(!allow(address, true) && !allow(address, false), "{address}");
        }
        assert!(allow("1.1.1.1", true) && !allow("1.1.1.1", false));
    }
}
