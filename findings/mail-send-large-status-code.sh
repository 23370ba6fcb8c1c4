#!/usr/bin/env bash
# mail-send 0.7.0 with smtp-proto 0.2.5: an enhanced status code with a number above 255 becomes another code.
# RFC 3463 §2 gives subject and detail up to three digits, and Exchange Online refuses with 5.7.509 (DMARC),
# 5.7.606 (the client's address is banned) and 5.7.705 (the tenant's quota). The numbers are kept in a byte
# that stops at 255, and the code is taken out of the text: all of these are 5.7.255, and which it was is
# lost.
# docs/adr/0008 counts it against mail-send: domain/relay_reply/code.rs tells by these codes whether a refusal
# is about us or about the recipient.
# Seen:
#   550 5.7.13 Access denied     UnexpectedReply, code 550, esc [5, 7, 13], "Access denied"
#   550 5.7.509 Access denied    UnexpectedReply, code 550, esc [5, 7, 255], "Access denied"
#   550 5.7.606 Access denied    UnexpectedReply, code 550, esc [5, 7, 255], "Access denied"
#   550 5.7.705 Access denied    UnexpectedReply, code 550, esc [5, 7, 255], "Access denied"
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
cat > Cargo.toml <<'TOML'
[package]
name = "large-status-code"
version = "0.0.0"
edition = "2024"
[dependencies]
mail-send = { version = "=0.7.0", default-features = false, features = ["ring", "tls12"] }
smtp-proto = "=0.2.5"
tokio = { version = "1", features = ["macros", "rt"] }
TOML
mkdir src
cat > src/main.rs <<'RUST'
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
    time::Duration,
};

use mail_send::{
    Error, SmtpClient,
    smtp::{AssertReply, message::Message},
};
use smtp_proto::Response;

/// What `send` says when a relay refuses the recipient with these words.
async fn refused(words: &'static str) -> Response<String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let mut reply = "220 relay.example ready\r\n".to_owned();
        loop {
            stream.get_mut().write_all(reply.as_bytes()).unwrap();
            let mut line = String::new();
            if stream.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            reply = if line.starts_with("RCPT") { format!("{words}\r\n") } else { "250 ok\r\n".to_owned() };
        }
    });
    let mut client = SmtpClient::connect(address, Duration::from_secs(10)).await.unwrap();
    client.read().await.unwrap().assert_positive_completion().unwrap();
    client.ehlo("client.example").await.unwrap();
    let letter = b"Subject: One\r\n\r\nOne line.\r\n".as_slice();
    match client.send(Message::new("ada@example.com", ["grace@example.org"], letter)).await {
        Err(Error::UnexpectedReply(reply)) => reply,
        other => panic!("the behaviour has changed: {other:?}"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let usual = refused("550 5.7.13 Access denied").await;
    assert_eq!((usual.code, usual.esc), (550, [5, 7, 13]), "the behaviour has changed: {usual:?}");
    for words in ["550 5.7.509 Access denied", "550 5.7.606 Access denied", "550 5.7.705 Access denied"] {
        let reply = refused(words).await;
        assert_eq!(
            (reply.code, reply.esc, reply.message.as_str()),
            (550, [5, 7, 255], "Access denied"),
            "the behaviour has changed: {words} is read otherwise"
        );
        println!("mail-send 0.7.0 reads {words:?} as {reply:?}");
    }
}
RUST
cargo run --quiet
