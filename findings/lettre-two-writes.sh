#!/usr/bin/env bash
# lettre 0.11.23 and Linux: a letter is written in two pieces, the second of which is the dot that ends it, on
# a socket without TCP_NODELAY. Nagle's algorithm keeps the second piece back until the first is acknowledged,
# and the relay's kernel delays the acknowledgement since it has nothing to say yet. Each letter waits 40 ms,
# on the loopback interface too, whatever the relay does.
# Here mail/smtp/session.rs writes letter and dot at once.
# Seen (Linux 6): five letters one after the other over one connection: 43 to 47 ms each between the piece
# that holds the letter and its dot; the rest of each took less than 2 ms
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
cat > Cargo.toml <<'TOML'
[package]
name = "two-writes"
version = "0.0.0"
edition = "2024"
[dependencies]
lettre = { version = "=0.11.23", default-features = false, features = ["builder", "smtp-transport", "pool"] }
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

use lettre::{Message, SmtpTransport, Transport};

/// Answers at once. Tells how long each dot came after its letter, where it came by itself.
fn relay(mut stream: TcpStream, waits: &Sender<Duration>) {
    let (mut in_letter, mut piece) = (false, [0; 65536]);
    let mut last = Instant::now();
    stream.write_all(b"220 relay.example ready\r\n").unwrap();
    loop {
        let length = stream.read(&mut piece).unwrap_or(0);
        let heard = &piece[..length];
        let waited = last.elapsed();
        last = Instant::now();
        let reply: &[u8] = match (in_letter, heard) {
            (_, []) => return,
            (true, b".\r\n" | b"\r\n.\r\n") => {
                waits.send(waited).unwrap();
                b"250 ok\r\n"
            }
            (true, text) if text.ends_with(b"\r\n.\r\n") => b"250 ok\r\n",
            (true, _) => continue,
            (false, b"DATA\r\n") => b"354 go on\r\n",
            (false, _) => b"250 ok\r\n",
        };
        in_letter = reply.starts_with(b"354");
        stream.write_all(reply).unwrap();
    }
}

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (waits, waited) = channel();
    thread::spawn(move || relay(listener.accept().unwrap().0, &waits));
    let transport = SmtpTransport::builder_dangerous("127.0.0.1").port(port).build();
    let letter = Message::builder()
        .from("ada@example.com".parse().unwrap())
        .to("grace@example.org".parse().unwrap())
        .subject("One")
        .body("One line of a letter.\r\n".repeat(200))
        .unwrap();
    for _ in 0..5 {
        transport.send(&letter).unwrap();
    }
    let waits: Vec<_> = waited.try_iter().collect();
    let late = waits.iter().filter(|wait| **wait >= Duration::from_millis(35)).count();
    assert!(late >= 4, "the behaviour has changed: dots by themselves came after {waits:?}");
    println!("{late} of 5 letters waited for an acknowledgement before their dot: {waits:?}");
}
RUST
cargo run --quiet
