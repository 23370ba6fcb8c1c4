#!/usr/bin/env bash
# lettre 0.11.23: a reply that is a code alone is no reply to it. RFC 5321 §4.2 makes the words optional
# ("Reply-code [ SP textstring ] CRLF"). A relay that takes a letter with a bare 250 gets it again at each
# attempt: `send` fails, and the error is neither transient nor permanent and has no code. The same 250 with a
# blank behind it, or with words, is a success.
# Here mail/smtp/reply_sanitizer.rs puts the blank there.
# Seen:
#   letter ends with "250\r\n"      taken by the relay; Err, neither transient nor permanent, no code
#   letter ends with "250 \r\n"     taken by the relay; Ok(250)
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
cat > Cargo.toml <<'TOML'
[package]
name = "code-without-words"
version = "0.0.0"
edition = "2024"
[dependencies]
lettre = { version = "=0.11.23", default-features = false, features = ["builder", "smtp-transport"] }
TOML
mkdir src
cat > src/main.rs <<'RUST'
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
};

use lettre::{Message, SmtpTransport, Transport, transport::smtp::Error};

/// Hands one letter to a relay that ends it with `last`: whether it was taken, and what `send` says.
fn hand_over(last: &'static str) -> (bool, Result<String, Error>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let relay = thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let (mut line, mut in_letter, mut taken) = (String::new(), false, false);
        let mut reply = "220 relay.example ready\r\n";
        loop {
            stream.get_mut().write_all(reply.as_bytes()).unwrap();
            reply = loop {
                line.clear();
                if stream.read_line(&mut line).unwrap_or(0) == 0 {
                    return taken;
                }
                match line.trim_end() {
                    "." if in_letter => {
                        (in_letter, taken) = (false, true);
                        break last;
                    }
                    _ if in_letter => {}
                    "DATA" => {
                        in_letter = true;
                        break "354 go on\r\n";
                    }
                    _ => break "250 ok\r\n",
                }
            };
        }
    });
    let letter = Message::builder()
        .from("ada@example.com".parse().unwrap())
        .to("grace@example.org".parse().unwrap())
        .subject("One")
        .body("One line.\r\n".to_owned())
        .unwrap();
    let transport = SmtpTransport::builder_dangerous("127.0.0.1").port(port).build();
    let said = transport.send(&letter).map(|reply| reply.code().to_string());
    drop(transport);
    (relay.join().unwrap(), said)
}

fn main() {
    assert!(matches!(hand_over("250 ok\r\n"), (true, Ok(code)) if code == "250"));
    assert!(matches!(hand_over("250 \r\n"), (true, Ok(code)) if code == "250"));
    let (taken, said) = hand_over("250\r\n");
    assert!(taken);
    let error = said.expect_err("the behaviour has changed: a bare code is a reply");
    assert!(error.is_response() && !error.is_transient() && !error.is_permanent(), "{error:?}");
    assert!(error.status().is_none(), "{error:?}");
    println!("a letter that was taken with a bare 250 has failed, without a code: {error}");
}
RUST
cargo run --quiet
