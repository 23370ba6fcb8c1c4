#!/usr/bin/env bash
# diesel 2.3.14: an enum that derives `MultiConnection` tries its variants in order, and says why the last one
# failed. To SQLite libpq's other form of address, host=… dbname=…, is the name of a file. While the
# PostgreSQL server is away, `establish` makes that file and returns an empty database, without an error. With
# the form postgres://… the error is always the same, and the reason (refused, unknown host, wrong password)
# is lost.
# Here db/pool/pooled_connection.rs decides by the scheme and calls the variant's own `establish`.
# Seen, with nothing listening on port 1:
#   Any::establish("host=127.0.0.1 port=1 dbname=app")   Ok(Sqlite): CREATE TABLE makes a file of that name
#   Any::establish("postgres://app@127.0.0.1:1/app")     Invalid connection url for multiconnection
#   PgConnection::establish, of both                     ... port 1 failed: Connection refused
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
cat > Cargo.toml <<'TOML'
[package]
name = "multi-connection"
version = "0.0.0"
edition = "2024"
[dependencies]
diesel = { version = "=2.3.14", default-features = false, features = ["postgres", "sqlite"] }
libsqlite3-sys = { version = "=0.38.2", features = ["bundled"] }
pq-sys = { version = "=0.7.8", features = ["bundled_without_openssl"] }
TOML
mkdir src
cat > src/main.rs <<'RUST'
use std::path::Path;

use diesel::{Connection, MultiConnection, PgConnection, SqliteConnection, connection::SimpleConnection};

#[derive(MultiConnection)]
enum Any {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

fn main() {
    let (words, url) = ("host=127.0.0.1 port=1 dbname=app", "postgres://app@127.0.0.1:1/app");
    for address in [words, url] {
        let reason = PgConnection::establish(address).err().unwrap().to_string();
        assert!(reason.contains("port 1 failed"), "{reason}");
    }
    let error = Any::establish(url).err().unwrap().to_string();
    assert_eq!(error, "Invalid connection url for multiconnection", "the behaviour has changed");
    let Ok(Any::Sqlite(mut connection)) = Any::establish(words) else {
        panic!("the behaviour has changed: no SQLite database for {words}");
    };
    connection.batch_execute("CREATE TABLE people (name TEXT)").unwrap();
    assert!(Path::new(words).metadata().unwrap().len() > 0);
    println!("the server is away, and people are written to a file named {words:?}");
}
RUST
cargo run --quiet
