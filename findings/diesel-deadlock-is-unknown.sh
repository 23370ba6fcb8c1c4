#!/usr/bin/env bash
# diesel 2.3.14 on PostgreSQL: of the two errors after which a transaction is simply begun anew, a
# serialization failure (40001) has a kind of its own and a deadlock (40P01) is `Unknown`. So are a lock
# timeout (55P03), a statement timeout (57014) and a shutdown (57P01). There is no SQLSTATE to tell them by:
# the message, in the server's language (lc_messages), is all that is handed on.
# Here db/error.rs compares English messages, and db/pool/pooled_connection.rs weighs what it does not
# understand.
# Seen (PostgreSQL 15.18): Unknown "deadlock detected"; SerializationFailure "could not serialize access due
# to concurrent update"
# Run it as `tests/with-postgres findings/diesel-deadlock-is-unknown.sh`.
set -euo pipefail
: "${TEST_POSTGRES_URL:?run it by tests/with-postgres}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
cat > Cargo.toml <<'TOML'
[package]
name = "deadlock-is-unknown"
version = "0.0.0"
edition = "2024"
[dependencies]
diesel = { version = "=2.3.14", default-features = false, features = ["postgres"] }
pq-sys = { version = "=0.7.8", features = ["bundled_without_openssl"] }
TOML
mkdir src
cat > src/main.rs <<'RUST'
use std::{process, thread, time::Duration};

use diesel::{
    Connection, PgConnection, QueryResult,
    connection::SimpleConnection,
    result::{DatabaseErrorKind, Error},
};

fn connect() -> PgConnection {
    let mut connection = PgConnection::establish(&std::env::var("TEST_POSTGRES_URL").unwrap()).unwrap();
    connection.batch_execute("SET lc_messages = 'C'; SET deadlock_timeout = '200ms'").unwrap();
    connection
}

fn kind(outcome: QueryResult<()>) -> Option<(DatabaseErrorKind, String)> {
    match outcome.err()? {
        Error::DatabaseError(kind, information) => Some((kind, information.message().to_owned())),
        other => panic!("{other}"),
    }
}

/// Two transactions that want each other's row: what the one that is given up is told.
fn deadlock(table: &str) -> (DatabaseErrorKind, String) {
    let lock = |n: u8| format!("UPDATE {table} SET m = m + 1 WHERE n = {n}");
    let (mut one, mut other) = (connect(), connect());
    one.batch_execute(&format!("BEGIN; {}", lock(1))).unwrap();
    other.batch_execute(&format!("BEGIN; {}", lock(2))).unwrap();
    let first = lock(1);
    let waiting = thread::spawn(move || kind(other.batch_execute(&first)));
    thread::sleep(Duration::from_millis(50));
    let here = kind(one.batch_execute(&lock(2)));
    drop(one);
    waiting.join().unwrap().or(here).expect("one of the two is given up")
}

/// A transaction that would change what another one has changed since it began.
fn serialization(table: &str) -> (DatabaseErrorKind, String) {
    let (mut one, mut other) = (connect(), connect());
    let change = format!("UPDATE {table} SET m = m + 1 WHERE n = 1");
    one.batch_execute(&format!("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM {table}")).unwrap();
    other.batch_execute(&change).unwrap();
    kind(one.batch_execute(&change)).expect("it cannot be in order")
}

fn main() {
    let table = format!("finding_{}", process::id());
    let mut connection = connect();
    connection
        .batch_execute(&format!(
            "CREATE TABLE {table} (n int PRIMARY KEY, m int); INSERT INTO {table} VALUES (1, 0), (2, 0)"
        ))
        .unwrap();
    let (deadlock, serialization) = (deadlock(&table), serialization(&table));
    connection.batch_execute(&format!("DROP TABLE {table}")).unwrap();
    println!("{deadlock:?}, {serialization:?}");
    assert_eq!(deadlock.1, "deadlock detected");
    assert!(matches!(serialization.0, DatabaseErrorKind::SerializationFailure));
    assert!(matches!(deadlock.0, DatabaseErrorKind::Unknown), "the behaviour has changed: {:?}", deadlock.0);
}
RUST
cargo run --quiet
