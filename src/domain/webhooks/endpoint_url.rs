//! The URL of an endpoint.

// `core::net` has only addresses as values, and no sockets.
use core::net::IpAddr;

use url::{Host, Url};

use super::receiver_networks::ReceiverNetworks;

/// The longest URL, in characters.
const MAX_LEN: usize = 2048;
/// The ports of other protocols' servers end before this one (RFC 6335 §6): webhooks are no way to try them.
const FIRST_USER_PORT: u16 = 1024;

/// A URL to which webhooks can be sent. Where its name leads is checked when a connection is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointUrl(Url);

/// Why a text is no such URL; each message says what to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointUrlError {
    /// No absolute URL, or too long.
    #[error("This takes a URL as https://partner.example.com/webhooks, of at most 2048 characters.")]
    Malformed,
    /// Another scheme than `https`.
    #[error("This takes an https URL, so that webhooks are encrypted.")]
    Unencrypted,
    /// User, password or fragment.
    #[error("This URL has a user, a password or a fragment: leave them out.")]
    Superfluous,
    /// An address that is not on the public internet.
    #[error("This address is not on the public internet.")]
    Private,
    /// A port that servers of other protocols have.
    #[error("This takes port 443, or one from 1024 on.")]
    Port,
}

impl EndpointUrlError {
    /// The stable code for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed | Self::Superfluous => "invalid_url",
            Self::Unencrypted => "https_required",
            Self::Private => "private_address",
            Self::Port => "port_not_allowed",
        }
    }
}

impl EndpointUrl {
    /// Parses a URL. `http`, and addresses that are not public, are only for the networks that the operator
    /// named: there are none for an endpoint that a program makes.
    ///
    /// # Errors
    /// [`EndpointUrlError`] says which rule it breaks.
    pub fn parse(text: &str, networks: &ReceiverNetworks) -> Result<Self, EndpointUrlError> {
        if text.chars().count() > MAX_LEN || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(EndpointUrlError::Malformed);
        }
        // As it is stored and shown: other characters than ASCII are longer there.
        let url = Url::parse(text).ok().filter(|url| url.as_str().len() <= MAX_LEN);
        let url = url.ok_or(EndpointUrlError::Malformed)?;
        let is_encrypted = match url.scheme() {
            "https" => true,
            "http" if !networks.is_empty() => false,
            "http" => return Err(EndpointUrlError::Unencrypted),
            _ => return Err(EndpointUrlError::Malformed),
        };
        let endpoint = Self(url);
        if endpoint.host().is_none() {
            return Err(EndpointUrlError::Malformed);
        }
        let url = &endpoint.0;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(EndpointUrlError::Superfluous);
        }
        match endpoint.address() {
            Some(address) if networks.names(address) => return Ok(endpoint),
            Some(address) if !networks.allow(address, is_encrypted) => return Err(EndpointUrlError::Private),
            _ => {}
        }
        // Plain `http` leads to those networks alone, whatever the name.
        match endpoint.0.port() {
            Some(port) if is_encrypted && port < FIRST_USER_PORT => Err(EndpointUrlError::Port),
            _ => Ok(endpoint),
        }
    }

    /// A stored URL, accepted by the rules of its time; `None` where it is none.
    #[must_use]
    pub fn stored(text: &str) -> Option<Self> {
        Url::parse(text).ok().map(Self)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The URL itself.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether webhooks to it are encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The address that it has in place of a name.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self.host()? {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        }
    }

    fn host(&self) -> Option<Host<&str>> {
        self.0.host().filter(|host| !matches!(host, Host::Domain("")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_public_encrypted_and_plain() {
        let nowhere = ReceiverNetworks::default();
        let parse = |text: &str| EndpointUrl::parse(text, &nowhere).map(|url| url.as_str().to_owned());
        assert_eq!(
            parse("https://Partner.example.com:8443/hooks?tenant=7").as_deref(),
            Ok("https://partner.example.com:8443/hooks?tenant=7")
        );
        assert!(parse("https://1.1.1.1/").is_ok() && parse("https://[2606:4700::1111]/").is_ok());
        assert!(parse("https://1.1.1.1:443/").is_ok() && parse("https://[2606:4700::1111]:1024/").is_ok());
        let long = format!("https://partner.example.com/{}", "x".repeat(MAX_LEN));
        let escaped = format!("https://partner.example.com/{}", "é".repeat(MAX_LEN / 6));
        for (text, fault) in [
            ("", EndpointUrlError::Malformed),
            ("partner.example.com", EndpointUrlError::Malformed),
            ("ftp://partner.example.com", EndpointUrlError::Malformed),
            ("https://", EndpointUrlError::Malformed),
            ("https://partner.example.com/a b", EndpointUrlError::Malformed),
            (&long, EndpointUrlError::Malformed),
            (&escaped, EndpointUrlError::Malformed),
            ("http://partner.example.com", EndpointUrlError::Unencrypted),
            ("https://ada:secret@partner.example.com", EndpointUrlError::Superfluous),
            ("https://partner.example.com/#top", EndpointUrlError::Superfluous),
            ("https://10.0.0.1", EndpointUrlError::Private),
            ("https://0x7f.1", EndpointUrlError::Private),
            ("https://2130706433", EndpointUrlError::Private),
            ("https://127.0.0.1.", EndpointUrlError::Private),
            ("https://[::1]", EndpointUrlError::Private),
            ("https://[::ffff:10.0.0.1]", EndpointUrlError::Private),
            ("https://[64:ff9b::a00:1]", EndpointUrlError::Private),
            ("https://partner.example.com:25/", EndpointUrlError::Port),
            ("https://partner.example.com:0/", EndpointUrlError::Port),
            ("https://partner.example.com:80/", EndpointUrlError::Port),
            ("https://1.1.1.1:1023/", EndpointUrlError::Port),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn plain_http_is_for_the_networks_that_the_operator_named() {
        let named = ReceiverNetworks::new(vec!["127.0.0.0/8".parse().unwrap()]);
        let parse = |text: &str| EndpointUrl::parse(text, &named).map(drop);
        assert_eq!(parse("http://127.0.0.1:9000/hooks"), Ok(()));
        // Where a name leads is known when a connection is made.
        assert_eq!(parse("http://receiver.example.com/hooks"), Ok(()));
        assert_eq!(parse("http://1.1.1.1/"), Err(EndpointUrlError::Private));
        assert_eq!(parse("https://10.0.0.1/"), Err(EndpointUrlError::Private));
        // The operator's own receivers may have any port.
        assert_eq!(parse("https://127.0.0.1:444/"), Ok(()));
        assert_eq!(parse("http://receiver.example.com:81/"), Ok(()));
        assert_eq!(parse("https://receiver.example.com:444/"), Err(EndpointUrlError::Port));
    }
}
