#!/usr/bin/env bash
# mail-send 0.7.0 and Linux: a letter arrives with an empty line more than it had, and 40 ms late. A letter
# that ends with "\r\n" is followed by "\r\n.\r\n" all the same, though the first "\r\n" of that is the end of
# the letter's last line (RFC 5321 §4.1.1.4). And it is a write of its own on a socket without TCP_NODELAY:
# as with lettre (lettre-two-writes.sh), Nagle's algorithm keeps it back until the relay's kernel acknowledges
# the letter, which it delays.
# docs/adr/0008 counts it against mail-send: mail/smtp/session.rs writes letter and dot at once, and "\r\n"
# before the dot only where the letter does not end with one.
# Seen (Linux 6): five letters one after the other over one connection: each ends with "\r\n\r\n.\r\n" in
# place of "\r\n.\r\n", and its end came 41 to 48 ms after the piece before it
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
cat > Cargo.toml <<'TOML'
[package]
name = "letter-grows"
version = "0.0.0"
edition = "2024"
[dependencies]
mail-send = { version = "=0.7.0", default-features = false, features = ["ring", "tls12"] }
tokio = { version = "1", features = ["macros", "rt"] }
TOML
mkdir src
cat > src/main.rs <<'RUST'
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Sender, channel},
    thread,
    time::{Duration, Instant},
};

use mail_send::{
    SmtpClient,
    smtp::{AssertReply, message::Message},
};

/// Answers at once. Tells each letter with its end, and how long its last piece took to follow.
fn relay(mut stream: TcpStream, letters: &Sender<(String, Duration)>) {
    let (mut letter, mut in_letter, mut piece) = (String::new(), false, [0; 65536]);
    let mut last = Instant::now();
    stream.write_all(b"220 relay.example ready\r\n").unwrap();
    loop {
        let length = stream.read(&mut piece).unwrap_or(0);
        let heard = std::str::from_utf8(&piece[..length]).unwrap();
        let waited = last.elapsed();
        last = Instant::now();
        if heard.is_empty() {
            return;
        }
        if in_letter {
            letter.push_str(heard);
            if !letter.ends_with("\r\n.\r\n") {
                continue;
            }
            letters.send((std::mem::take(&mut letter), waited)).unwrap();
        }
        in_letter = heard == "DATA\r\n";
        stream.write_all(if in_letter { b"354 go on\r\n" } else { b"250 ok\r\n" }).unwrap();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (letters, arrived) = channel();
    thread::spawn(move || relay(listener.accept().unwrap().0, &letters));
    let mut client = SmtpClient::connect(address, Duration::from_secs(10)).await.unwrap();
    client.read().await.unwrap().assert_positive_completion().unwrap();
    client.ehlo("client.example").await.unwrap();
    let letter = format!("Subject: One\r\n\r\n{}", "One line of a letter.\r\n".repeat(200));
    for _ in 0..5 {
        let message = Message::new("ada@example.com", ["grace@example.org"], letter.as_bytes());
        client.send(message).await.unwrap();
    }
    let arrived: Vec<_> = arrived.try_iter().collect();
    let grown = format!("{letter}\r\n.\r\n");
    assert!(
        arrived.len() == 5 && arrived.iter().all(|(text, _)| *text == grown),
        "the behaviour has changed: no empty line was added"
    );
    let waits: Vec<_> = arrived.iter().map(|(_, wait)| *wait).collect();
    let late = waits.iter().filter(|wait| **wait >= Duration::from_millis(35)).count();
    assert!(late >= 4, "the behaviour has changed: the ends came after {waits:?}");
    println!("5 letters arrived with an empty line more; {late} waited for an acknowledgement: {waits:?}");
}
RUST
cargo run --quiet
