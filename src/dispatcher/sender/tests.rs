//! Which addresses are called, and what is said of those that are not.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

/// A server on loopback that gives this answer to all, and counts the connections.
async fn server(answer: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let mut read = [0; 4096];
            let _ = stream.read(&mut read).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (port, count)
}

fn networks(texts: &[&str]) -> ReceiverNetworks {
    ReceiverNetworks::new(texts.iter().map(|text| text.parse().unwrap()).collect())
}

async fn send(to: &str, networks: ReceiverNetworks) -> Answered {
    send_by(true, to, networks).await
}

async fn send_by(set_by_staff: bool, to: &str, networks: ReceiverNetworks) -> Answered {
    let url = EndpointUrl::stored(to).unwrap();
    let headers = [
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-timestamp", "1".to_owned()),
        ("webhook-signature", "v1,x".to_owned()),
    ];
    let webhook = Webhook { url: &url, set_by_staff, headers, body: "{}".to_owned() };
    let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
    Sender::new(networks).unwrap().send(webhook, now).await
}

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

#[tokio::test]
async fn loopback_is_not_called_by_address_or_by_name() {
    let (port, count) = server(NO_CONTENT).await;
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "2130706433"] {
        for scheme in ["http", "https"] {
            let answered = send(&format!("{scheme}://{host}:{port}/hook"), networks(&["10.9.0.0/16"])).await;
            assert_eq!(answered, Answered::Nothing(NOWHERE.to_owned()), "{scheme} {host}");
        }
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_named_network_is_called_also_by_name_and_unencrypted() {
    let (port, count) = server(NO_CONTENT).await;
    for host in ["127.0.0.1", "localhost"] {
        let answered =
            send(&format!("http://{host}:{port}/hook"), networks(&["127.0.0.0/8", "::1/128"])).await;
        assert_eq!(answered, Answered::Status { status: 204, retry_after: None }, "{host}");
    }
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_named_network_is_not_called_for_a_program() {
    let (port, count) = server(NO_CONTENT).await;
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/hook");
            let answered = send_by(false, &url, networks(&["127.0.0.0/8", "::1/128"])).await;
            assert_eq!(answered, Answered::Nothing(NOWHERE.to_owned()), "{url}");
        }
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_name_without_an_address_is_as_one_with_a_private_address() {
    // A name that never resolves (RFC 6761 §6.4).
    let answered = send("https://receiver.invalid/hook", networks(&[])).await;
    assert_eq!(answered, Answered::Nothing(NOWHERE.to_owned()));
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_wait_is_read() {
    let (target, count) = server(NO_CONTENT).await;
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{target}/\r\n\r\n");
    for (answer, status, seconds) in [
        (redirect.as_str(), 302, None),
        ("HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 9999999999\r\n\r\n", 503, Some(120)),
        ("HTTP/1.1 429 Slow\r\nRetry-After: Wed, 18 Nov 2026 11:07:40 GMT\r\n\r\n", 429, Some(60)),
        ("HTTP/1.1 503 Busy\r\nRetry-After: soon\r\n\r\n", 503, None),
    ] {
        let (port, _) = server(Box::leak(answer.to_owned().into_boxed_str())).await;
        let answered = send(&format!("http://127.0.0.1:{port}/hook"), networks(&["127.0.0.0/8"])).await;
        let retry_after = seconds.map(TimeDelta::seconds);
        assert_eq!(answered, Answered::Status { status, retry_after }, "{answer}");
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_went_wrong_is_said_without_the_url() {
    let closed = TcpListener::bind((IpAddr::from(Ipv4Addr::LOCALHOST), 0)).await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let answered =
        send(&format!("http://127.0.0.1:{port}/hook?key=secret"), networks(&["127.0.0.0/8"])).await;
    let Answered::Nothing(why) = answered else { panic!("{answered:?}") };
    assert!(why.starts_with("no connection: ") && !why.contains("secret"), "{why}");
}
