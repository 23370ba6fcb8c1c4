//! Relays whose name has several addresses.

use std::net::SocketAddr;

use futures_util::FutureExt;
use tokio::net::TcpSocket;

use super::*;

/// An address that does not answer while this lives: its queue is full, and the system drops new packets.
pub(super) struct BlackHole {
    pub address: SocketAddr,
    _full: (TcpListener, TcpStream),
}

impl BlackHole {
    pub async fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = TcpStream::connect(address).await.unwrap();
        Self { address, _full: (listener, waiting) }
    }
}

/// A client of a relay whose name has these addresses.
pub(super) fn client(addresses: Vec<SocketAddr>, limits: Limits) -> Smtp {
    let relay = Relay {
        host: "relay.example".to_owned(),
        port: 25,
        tls: TlsUse::None,
        tls_said: true,
        ca: None,
        login: None,
    };
    let mut smtp = Smtp::with_limits(&relay, limits).unwrap();
    smtp.connector.resolve = Box::new(move |host, port| {
        assert_eq!((host.as_str(), port), ("relay.example", 25));
        let addresses = addresses.clone();
        async move { Ok(addresses) }.boxed()
    });
    smtp
}

async fn send(smtp: &Smtp) -> Result<(), SendError> {
    smtp.send(&letter(), &MessageBuilder::new(sender()).unwrap()).await
}

/// A closed port on loopback.
pub(super) async fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn an_address_that_swallows_everything_keeps_no_letter_from_the_others() {
    let (holes, closed) = ([BlackHole::new().await, BlackHole::new().await], closed().await);
    let (relay, mut reported) = relay(&[]).await;
    let good = SocketAddr::from(([127, 0, 0, 1], relay.port));
    send(&client(vec![holes[0].address, closed, holes[1].address, good], AMPLE)).await.unwrap();
    assert_eq!(reported.recv().await.unwrap(), "CONNECT");
}

#[tokio::test]
async fn the_fault_names_every_address_that_failed() {
    let (hole, closed) = (BlackHole::new().await, closed().await);
    // Port 1 of IPv6's loopback is closed, and a machine may have no IPv6 loopback at all.
    let limits = Limits { connect: Duration::from_millis(600), ..SHORT };
    let error =
        send(&client(vec![hole.address, "[::1]:1".parse().unwrap(), closed], limits)).await.unwrap_err();
    let SendError::Temporary { text, .. } = error else { panic!("{error:?}") };
    assert!(
        text.starts_with(&format!(
            "the relay relay.example:25 cannot be used: {}: no answer in time, [::1]:1: ",
            hole.address
        )),
        "{text}"
    );
    assert!(text.contains(&format!(", {closed}: Connection refused")), "{text}");
}

#[tokio::test]
async fn a_name_that_is_not_resolved_in_time_and_one_that_is_unknown_are_reported() {
    let mut smtp = client(Vec::new(), SHORT);
    smtp.connector.resolve = Box::new(|_, _| std::future::pending().boxed());
    let reported = async |smtp: &Smtp| match send(smtp).await {
        Err(SendError::Temporary { text, .. }) => text,
        other => panic!("{other:?}"),
    };
    assert!(reported(&smtp).await.ends_with("cannot be used: its name was not resolved in time"));
    smtp.connector.resolve = Box::new(|_, _| async { Err(std::io::Error::other("no such name")) }.boxed());
    assert_eq!(reported(&smtp).await, "the relay relay.example:25 cannot be used: no such name");
}

#[tokio::test]
async fn an_ipv6_address_has_its_brackets_in_a_fault() {
    let relay =
        Relay { host: "::1".to_owned(), port: 1, tls: TlsUse::None, tls_said: true, ca: None, login: None };
    let error = send(&Smtp::with_limits(&relay, AMPLE).unwrap()).await.unwrap_err();
    assert!(
        matches!(&error, SendError::Temporary { text, .. } if text.starts_with("the relay [::1]:1 cannot be \
            used: [::1]:1: ")),
        "{error:?}"
    );
}
