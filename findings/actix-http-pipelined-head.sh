#!/usr/bin/env bash
# actix-http 3.20.0 (actix-web 4.18.1): whether an answer has a body depends on the method of the request that
# was read last on the connection, and not on that of the request that is answered. With pipelined requests
# (RFC 9112 §9.3.2) and a handler that waits for anything, the answer to HEAD has the body of GET, or the
# answer to GET announces a body that does not come. One would expect each answer as on a connection of its
# own; a client that reads them strictly takes part of one for another. The `connection` header is that of the
# last request, too.
# Here http/server/head_requests.rs hands a HEAD on when the requests before it were answered, and takes the
# body out of its answer itself.
# Seen:
#   GET                2 bytes of 2
#   HEAD               0 bytes of 2
#   HEAD, GET          2 bytes of 2, 2 bytes of 2
#   GET, HEAD          0 bytes of 2, 0 bytes of 2
#   GET, GET + close   the first answer has `connection: close`, and the second one follows
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
cat > Cargo.toml <<'TOML'
[package]
name = "pipelined-head"
version = "0.0.0"
edition = "2024"
[dependencies]
actix-http = "=3.20.0"
actix-web = { version = "=4.18.1", default-features = false, features = ["macros"] }
TOML
mkdir src
cat > src/main.rs <<'RUST'
use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use actix_web::{App, HttpServer, rt::time::sleep, web};

/// Waits, as one that asks a database does.
async fn handler() -> &'static str {
    sleep(Duration::from_millis(20)).await;
    "ok"
}

/// What is answered to these requests, sent in one piece.
fn answers(address: SocketAddr, requests: &[&str]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let end = |request: &str| match request.strip_suffix(" + close") {
        Some(method) => format!("{method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        None => format!("{request} / HTTP/1.1\r\nHost: x\r\n\r\n"),
    };
    stream.write_all(requests.iter().map(|one| end(one)).collect::<String>().as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut read = String::new();
    stream.read_to_string(&mut read).unwrap();
    read
}

/// How many bytes follow each head. Each head announces 2.
fn bodies(answers: &str) -> Vec<usize> {
    let heads = answers.split("HTTP/1.1 200 OK\r\n").skip(1);
    heads
        .map(|one| {
            let (head, body) = one.split_once("\r\n\r\n").unwrap();
            assert!(head.contains("content-length: 2"), "{head}");
            body.len()
        })
        .collect()
}

#[actix_web::main]
async fn main() {
    let server = HttpServer::new(|| {
        App::new().route("/", web::get().to(handler)).route("/", web::head().to(handler))
    })
    .workers(1)
    .h1_allow_half_closed(true)
    .bind(("127.0.0.1", 0))
    .unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    let client = std::thread::spawn(move || {
        let bodies = |requests: &[&str]| bodies(&answers(address, requests));
        assert_eq!((bodies(&["GET"]), bodies(&["HEAD"])), (vec![2], vec![0]));
        // Right would be 0 and 2, and 2 and 0.
        assert_eq!(bodies(&["HEAD", "GET"]), [2, 2], "the behaviour has changed: HEAD before GET");
        assert_eq!(bodies(&["GET", "HEAD"]), [0, 0], "the behaviour has changed: GET before HEAD");
        let both = answers(address, &["GET", "GET + close"]);
        assert_eq!(both.matches("connection: close").count(), 2, "the behaviour has changed: close");
    });
    let checked = std::thread::spawn(move || client.join());
    actix_web::rt::spawn(server);
    while !checked.is_finished() {
        sleep(Duration::from_millis(10)).await;
    }
    handle.stop(false).await;
    checked.join().unwrap().expect("as described");
    println!("an answer has a body, or none, by the method of the request that was read last");
}
RUST
cargo run --quiet
