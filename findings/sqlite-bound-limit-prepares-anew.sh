#!/usr/bin/env bash
# SQLite 3.53.2 (of the crate libsqlite3-sys 0.38.2): a prepared statement whose LIMIT is a parameter is
# prepared anew at every execution, also where the same number is bound as before: parsed, planned, compiled.
# A parameter beside it in WHERE costs nothing of the kind. SQLite 3.40 did not do so. Built with
# SQLITE_ENABLE_QPSG it does not either.
# Here .cargo/config.toml builds it so.
# Seen, how often a statement was prepared anew by 100 executions (SQLITE_STMTSTATUS_REPREPARE):
#   ... ORDER BY id LIMIT ?1                   100; built with SQLITE_ENABLE_QPSG 0
#   ... WHERE id > ?1 ORDER BY id LIMIT 10     0
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
cat > Cargo.toml <<'TOML'
[package]
name = "bound-limit"
version = "0.0.0"
edition = "2024"
[dependencies]
libsqlite3-sys = { version = "=0.38.2", features = ["bundled"] }
TOML
mkdir src
cat > src/main.rs <<'RUST'
use std::{
    ffi::{CStr, c_int},
    ptr::{null, null_mut},
};

use libsqlite3_sys as sqlite;

/// How often a statement is prepared anew while it is executed a hundred times with one number.
fn prepared_anew(text: &CStr) -> c_int {
    unsafe {
        let (mut database, mut statement) = (null_mut(), null_mut());
        assert_eq!(sqlite::sqlite3_open(c":memory:".as_ptr(), &mut database), sqlite::SQLITE_OK);
        let table = c"CREATE TABLE t (id INTEGER PRIMARY KEY)".as_ptr();
        assert_eq!(sqlite::sqlite3_exec(database, table, None, null_mut(), null_mut()), sqlite::SQLITE_OK);
        let code = sqlite::sqlite3_prepare_v2(database, text.as_ptr(), -1, &mut statement, &mut null());
        assert_eq!(code, sqlite::SQLITE_OK);
        for _ in 0..100 {
            assert_eq!(sqlite::sqlite3_bind_int64(statement, 1, 10), sqlite::SQLITE_OK);
            assert_eq!(sqlite::sqlite3_step(statement), sqlite::SQLITE_DONE);
            sqlite::sqlite3_reset(statement);
        }
        let count = sqlite::sqlite3_stmt_status(statement, sqlite::SQLITE_STMTSTATUS_REPREPARE, 0);
        sqlite::sqlite3_finalize(statement);
        sqlite::sqlite3_close(database);
        count
    }
}

fn main() {
    let version = unsafe { CStr::from_ptr(sqlite::sqlite3_libversion()) };
    let limit = prepared_anew(c"SELECT id FROM t ORDER BY id LIMIT ?1");
    let condition = prepared_anew(c"SELECT id FROM t WHERE id > ?1 ORDER BY id LIMIT 10");
    println!("{} {limit} {condition}", version.to_str().unwrap());
}
RUST
seen=$(LIBSQLITE3_FLAGS='' cargo run --quiet)
stable=$(LIBSQLITE3_FLAGS=-DSQLITE_ENABLE_QPSG cargo run --quiet)
[[ $seen == '3.53.2 100 0' && $stable == '3.53.2 0 0' ]] ||
    { echo "the behaviour has changed: $seen; with SQLITE_ENABLE_QPSG $stable" >&2; exit 1; }
echo '100 executions of LIMIT ?1 prepare it 100 times, with SQLITE_ENABLE_QPSG never'
