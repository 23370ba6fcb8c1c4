//! Connects to the first address of a relay that answers.

use std::{fmt, io, net::SocketAddr, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, sleep_until},
};

/// How long an address is tried alone: RFC 8305 §5 recommends a quarter of a second.
pub(super) const PAUSE: Duration = Duration::from_millis(250);

/// The addresses that were tried, each with its error; one without an error did not answer in time.
#[derive(Debug, thiserror::Error)]
pub(super) struct ConnectFailures(Vec<(SocketAddr, Option<io::Error>)>);

impl ConnectFailures {
    /// Whether all addresses refused the connection.
    pub(super) fn are_refusals(&self) -> bool {
        let is_refusal = |fault: &io::Error| fault.kind() == io::ErrorKind::ConnectionRefused;
        !self.0.is_empty() && self.0.iter().all(|(_, fault)| fault.as_ref().is_some_and(is_refusal))
    }
}

impl fmt::Display for ConnectFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("its name has no address");
        }
        for (place, (address, fault)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            match fault {
                Some(fault) => write!(f, "{comma}{address}: {fault}")?,
                None => write!(f, "{comma}{address}: no answer in time")?,
            }
        }
        Ok(())
    }
}

/// Connects to the first of these that answers before `end`. The next attempt starts `pause` after the one
/// before, or as soon as one has failed (RFC 8305 §5), so that an address that drops all packets does not
/// delay the letter.
pub(super) async fn reach(
    addresses: Vec<SocketAddr>,
    pause: Duration,
    end: Instant,
) -> Result<TcpStream, ConnectFailures> {
    let mut next = alternating(addresses).into_iter();
    let mut begun: Vec<(SocketAddr, Option<io::Error>)> = Vec::new();
    let mut under_way = FuturesUnordered::new();
    loop {
        if let Some(address) = next.next() {
            let place = begun.len();
            begun.push((address, None));
            under_way.push(async move { (place, TcpStream::connect(address).await) });
        }
        tokio::select! {
            // A connection that is ready wins over the timeout.
            biased;
            answer = under_way.next() => match answer {
                Some((_, Ok(stream))) => {
                    // Else the last segment of a letter waits for the relay's acknowledgement of those before
                    // it (Nagle's algorithm). A stream that refuses this is at its end.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Some((place, Err(fault))) => begun[place].1 = Some(fault),
                None => return Err(ConnectFailures(begun)),
            },
            () = sleep(pause), if next.len() > 0 => {}
            () = sleep_until(end) => return Err(ConnectFailures(begun)),
        }
    }
}

/// Alternates IPv6 and IPv4 (RFC 8305 §4), each in the system's order: where one of the two is unreachable,
/// the other is tried soon.
fn alternating(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first = addresses.first().map(SocketAddr::is_ipv4);
    let mut seen = [0, 0];
    let rank = |address: SocketAddr| {
        let seen = &mut seen[usize::from(address.is_ipv4())];
        *seen += 1;
        (*seen, Some(address.is_ipv4()) != first, address)
    };
    let mut ranked: Vec<(usize, bool, SocketAddr)> = addresses.into_iter().map(rank).collect();
    ranked.sort_by_key(|(turn, second, _)| (*turn, *second));
    ranked.into_iter().map(|(.., address)| address).collect()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    async fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[tokio::test]
    async fn the_first_address_that_answers_is_taken_and_a_failed_one_is_not_waited_for() {
        let ((_one, first), (_other, second), (gone, closed)) =
            (listener().await, listener().await, listener().await);
        drop(gone);
        let end = || Instant::now() + HOUR;
        let reached = async |addresses: &[SocketAddr]| {
            reach(addresses.to_vec(), HOUR, end()).await.unwrap().peer_addr().unwrap()
        };
        assert_eq!(reached(&[first, second]).await, first);
        assert!(reach(vec![first], HOUR, end()).await.unwrap().nodelay().unwrap());
        assert_eq!(reached(&[closed, closed, second, first]).await, second);
    }

    #[tokio::test]
    async fn a_name_without_addresses_leads_nowhere() {
        let error = reach(Vec::new(), PAUSE, Instant::now() + HOUR).await.unwrap_err();
        assert_eq!(error.to_string(), "its name has no address");
    }

    #[test]
    fn families_take_turns_beginning_with_the_systems_first() {
        for (given, wanted) in [
            (
                ["[::1]:1", "[::2]:1", "[::3]:1", "10.0.0.1:1"],
                ["[::1]:1", "10.0.0.1:1", "[::2]:1", "[::3]:1"],
            ),
            (
                ["10.0.0.1:1", "10.0.0.2:1", "[::1]:1", "[::2]:1"],
                ["10.0.0.1:1", "[::1]:1", "10.0.0.2:1", "[::2]:1"],
            ),
            (
                ["10.0.0.2:1", "10.0.0.1:1", "10.0.0.4:1", "10.0.0.3:1"],
                ["10.0.0.2:1", "10.0.0.1:1", "10.0.0.4:1", "10.0.0.3:1"],
            ),
        ] {
            let parse = |texts: [&str; 4]| texts.map(|text| text.parse::<SocketAddr>().unwrap()).to_vec();
            assert_eq!(alternating(parse(given)), parse(wanted));
        }
    }
}
