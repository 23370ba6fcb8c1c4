#!/usr/bin/env bash
# SQLite in WAL mode: a transaction that began with BEGIN (deferred), has read, and then writes fails with
# "database is locked" when another connection has committed in between, at once and whatever `busy_timeout`
# is: its snapshot is old (SQLITE_BUSY_SNAPSHOT), and waiting would not make it newer. With BEGIN IMMEDIATE
# the timeout holds. Here `Db::write` therefore begins with BEGIN IMMEDIATE (src/db/pool/transaction.rs).
# Seen (CPython 3.11, SQLite 3.40.1): deferred: "database is locked" after 0.0 s; immediate: waits, and writes
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 - "$tmp/test.db" <<'PY'
import sqlite3, sys, threading, time

def connect():
    connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    return connection

one, other = connect(), connect()
one.execute("CREATE TABLE t (n INTEGER)")
one.execute("BEGIN")
one.execute("SELECT count(*) FROM t").fetchall()
other.execute("INSERT INTO t VALUES (1)")
began = time.monotonic()
try:
    one.execute("INSERT INTO t VALUES (2)")
    raise SystemExit("the behaviour has changed: a deferred transaction with an old snapshot could write")
except sqlite3.OperationalError as error:
    assert str(error) == "database is locked", error
waited = time.monotonic() - began
assert waited < 1, waited
one.execute("ROLLBACK")

other.execute("BEGIN IMMEDIATE")
other.execute("INSERT INTO t VALUES (3)")
threading.Timer(0.5, lambda: other.execute("COMMIT")).start()
began = time.monotonic()
one.execute("BEGIN IMMEDIATE")
assert time.monotonic() - began > 0.3
one.execute("SELECT count(*) FROM t").fetchall()
one.execute("INSERT INTO t VALUES (4)")
one.execute("COMMIT")
print(f"SQLite {sqlite3.sqlite_version}: deferred fails after {waited:.1f} s in spite of a timeout of 5 s; immediate waits")
PY
