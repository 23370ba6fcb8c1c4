#!/usr/bin/env bash
# lettre 0.11.23 (`pool`, on by default, with Tokio): an attempt that its caller gives up, by a
# `tokio::time::timeout` around `send`, gives its connection back to the pool while the relay's answer is
# still on its way. The next letter's NOOP takes that answer for its own, and each command the answer to the
# one before: the letter ends with the 354 that asked for it, which counts as a success. The relay's real
# answer, here a refusal, is read by nobody.
# Here connections are kept by mail/smtp.rs, which closes those that did not end well.
# Seen:
#   first letter    given up after 0.3 s (the relay answers after 1 s)
#   second letter   refused by the relay with 554; Ok(354 go on)
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
cat > Cargo.toml <<'TOML'
[package]
name = "pool-late-answer"
version = "0.0.0"
edition = "2024"
[dependencies.lettre]
version = "=0.11.23"
default-features = false
features = ["builder", "smtp-transport", "pool", "tokio1"]
[dependencies.tokio]
version = "=1.54.1"
features = ["io-util", "macros", "net", "rt-multi-thread", "time"]
TOML
mkdir src
cat > src/main.rs <<'RUST'
use std::{sync::atomic::{AtomicUsize, Ordering}, time::Duration};

use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

static REFUSED: AtomicUsize = AtomicUsize::new(0);

/// Is slow to take the first letter of a connection, and refuses those that follow.
async fn relay(stream: TcpStream) {
    let mut stream = BufReader::new(stream);
    let (mut line, mut in_letter, mut letters) = (String::new(), false, 0);
    let mut reply = "220 relay.example ready\r\n";
    loop {
        stream.write_all(reply.as_bytes()).await.unwrap();
        reply = loop {
            line.clear();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end() {
                "." if in_letter => {
                    (in_letter, letters) = (false, letters + 1);
                    if letters == 1 {
                        sleep(Duration::from_secs(1)).await;
                        break "250 2.0.0 taken\r\n";
                    }
                    REFUSED.fetch_add(1, Ordering::SeqCst);
                    break "554 5.7.1 refused\r\n";
                }
                _ if in_letter => {}
                "DATA" => {
                    in_letter = true;
                    break "354 go on\r\n";
                }
                _ => break "250 2.0.0 ok\r\n",
            }
        };
    }
}

fn letter(subject: &str) -> Message {
    Message::builder()
        .from("ada@example.com".parse().unwrap())
        .to("grace@example.org".parse().unwrap())
        .subject(subject)
        .body("One line.\r\n".to_owned())
        .unwrap()
}

#[tokio::main]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(relay(stream));
        }
    });
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(port).build();
    let first = timeout(Duration::from_millis(300), transport.send(letter("One"))).await;
    assert!(first.is_err(), "{first:?}");
    sleep(Duration::from_secs(2)).await;
    let second = transport.send(letter("Two")).await.expect("the behaviour has changed: it has failed");
    assert_eq!(second.code().to_string(), "354", "the behaviour has changed: {second:?}");
    while REFUSED.load(Ordering::SeqCst) == 0 {
        sleep(Duration::from_millis(10)).await;
    }
    println!("a letter that was refused with 554 is a success: {second:?}");
}
RUST
cargo run --quiet
