//! Where a request comes from: the peer of its connection, or whom trusted proxies name in `X-Forwarded-For`
//! or `Forwarded`.
//!
//! A header is believed as far as its writers are trusted (`TRUSTED_PROXIES`): from its end, which the
//! nearest proxy wrote, back to the first address that is no proxy of ours. Everything before that may have
//! been written by any client.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::atomic::{AtomicBool, Ordering},
};

use actix_web::{
    HttpMessage, HttpRequest,
    dev::ServiceRequest,
    http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR},
};
use ipnet::IpNet;

use crate::domain::client_address::ClientAddress;

/// Reads the addresses of clients.
pub struct ClientAddresses {
    trusted: Vec<IpNet>,
    warned: Warned,
}

/// What was warned of already: once in the life of the process, since any client can cause it.
#[derive(Default)]
struct Warned {
    untrusted: AtomicBool,
    unreadable: AtomicBool,
    contradictory: AtomicBool,
}

/// What a header says of one hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hop {
    Address(IpAddr),
    /// Undisclosed: `unknown`, or an obfuscated identifier (RFC 7239 §6.2, §6.3).
    Unknown,
    Unreadable,
}

impl ClientAddresses {
    pub(in crate::http) fn new(trusted: Vec<IpNet>) -> Self {
        Self { trusted, warned: Warned::default() }
    }

    /// The client of a request, stored with the request.
    pub(in crate::http) fn of(&self, request: &ServiceRequest) -> ClientAddress {
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        let client =
            peer.map_or_else(ClientAddress::unspecified, |peer| self.behind(peer, request.headers()));
        request.extensions_mut().insert(client);
        client
    }

    /// Whom the headers name, when a trusted proxy wrote them; the peer otherwise.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let x_forwarded_for = hops(headers, &X_FORWARDED_FOR, list);
        let forwarded = hops(headers, &FORWARDED, forwarded);
        let origin = match (x_forwarded_for, forwarded) {
            (None, None) => peer,
            _ if !self.is_trusted(peer) => {
                warn_once(&self.warned.untrusted, || warn_of_untrusted(peer));
                peer
            }
            (Some(one), None) | (None, Some(one)) => self.walk(peer, &one),
            // A proxy writes one of the two and may pass on the other as the client wrote it. Which one it
            // wrote is not known.
            (Some(one), Some(other)) => match (self.walk(peer, &one), self.walk(peer, &other)) {
                (one, other) if one == other => one,
                _ => {
                    warn_once(&self.warned.contradictory, warn_of_contradiction);
                    peer
                }
            },
        };
        ClientAddress::new(origin)
    }

    /// From the last hop back, for as long as each writer is trusted.
    fn walk(&self, peer: IpAddr, hops: &[Hop]) -> IpAddr {
        let mut origin = peer;
        for hop in hops.iter().rev() {
            if !self.is_trusted(origin) {
                break;
            }
            match hop {
                Hop::Address(address) => origin = address.to_canonical(),
                Hop::Unknown => break,
                Hop::Unreadable => {
                    warn_once(&self.warned.unreadable, || {
                        tracing::warn!(
                            proxy = %origin,
                            "a trusted proxy's X-Forwarded-For or Forwarded cannot be read: its clients \
                            count as one"
                        );
                    });
                    break;
                }
            }
        }
        origin
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }
}

/// The address that the outermost middleware has read.
pub fn client_address(request: &HttpRequest) -> ClientAddress {
    request.extensions().get::<ClientAddress>().copied().unwrap_or_else(ClientAddress::unspecified)
}

fn warn_of_untrusted(peer: IpAddr) {
    tracing::warn!(
        client = %ClientAddress::new(peer),
        "a header that names a client's address came from no trusted proxy and is ignored: if it is a proxy \
        of yours, name it in TRUSTED_PROXIES; otherwise all of its clients count as one"
    );
}

fn warn_of_contradiction() {
    tracing::warn!(
        "X-Forwarded-For and Forwarded name different clients, and neither is believed: let the proxy remove \
        the one that it does not write"
    );
}

fn warn_once(warned: &AtomicBool, warn: impl FnOnce()) {
    if !warned.swap(true, Ordering::Relaxed) {
        warn();
    }
}

/// Every hop that a header names, the nearest last; `None` without the header.
fn hops(headers: &HeaderMap, name: &HeaderName, read: impl Fn(&str) -> Vec<Hop>) -> Option<Vec<Hop>> {
    let mut values = headers.get_all(name).peekable();
    values.peek()?;
    Some(values.flat_map(|value| value.to_str().map_or_else(|_| vec![Hop::Unreadable], &read)).collect())
}

/// `X-Forwarded-For`: addresses between commas. Empty ones are nothing (RFC 9110 §5.6.1.2).
fn list(value: &str) -> Vec<Hop> {
    value.split(',').map(str::trim).filter(|hop| !hop.is_empty()).map(node).collect()
}

/// `Forwarded` (RFC 7239 §4): `for=` of each element. An element without one has no client.
fn forwarded(value: &str) -> Vec<Hop> {
    let elements =
        outside_quotes(value, ',').into_iter().map(str::trim).filter(|element| !element.is_empty());
    let hop = |element: &str| {
        let pairs = outside_quotes(element, ';');
        let parameters: Vec<_> = pairs.iter().filter_map(|pair| pair.split_once('=')).collect();
        let name = |at: usize| parameters[at].0.trim();
        // Each parameter occurs once in an element (RFC 7239 §4): of two, it is unknown which one the proxy
        // wrote.
        let is_repeated =
            (0..parameters.len()).any(|at| (0..at).any(|other| name(at).eq_ignore_ascii_case(name(other))));
        if is_repeated || parameters.len() < pairs.len() {
            return Hop::Unreadable;
        }
        let named = parameters.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
        named.map_or(Hop::Unknown, |(_, value)| node(value))
    };
    elements.map(hop).collect()
}

/// Parts a text where the separator stands outside quotation marks.
fn outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(move |character| {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return character == separator && !quoted,
        }
        false
    });
    parts.collect()
}

/// One hop: an address as it is, in brackets, with a port, or in quotation marks; or an obfuscated
/// identifier.
fn node(text: &str) -> Hop {
    let text = text.trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).trim();
    let name = text.split_once(':').map_or(text, |(name, _)| name);
    if name.eq_ignore_ascii_case("unknown") || name.starts_with('_') {
        return Hop::Unknown;
    }
    let v6 =
        |text: &str| text.split_once('%').map_or(text, |(address, _zone)| address).parse::<Ipv6Addr>().ok();
    let address = if let Some(bracketed) = text.strip_prefix('[') {
        bracketed
            .split_once(']')
            .filter(|(_, port)| port.is_empty() || is_port(port))
            .and_then(|(address, _)| v6(address))
    } else {
        v6(text)
    };
    let v4 = |(address, port): (&str, &str)| {
        address.parse::<Ipv4Addr>().ok().filter(|_| port.is_empty() || is_port(port))
    };
    let address = address.map(IpAddr::V6).or_else(|| {
        let end = text.find(':').unwrap_or(text.len());
        v4(text.split_at(end)).map(IpAddr::V4)
    });
    address.map_or(Hop::Unreadable, Hop::Address)
}

/// `:443`, or one that is hidden.
fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok() || port.starts_with('_'))
}

#[cfg(test)]
mod tests;
