#!/usr/bin/env bash
# SQLite 3.53.2 (of the Python package apsw 3.53.2.0): a full-text index (FTS5) with detail=none and secure-delete
# loses entries of a row that nobody touched. One transaction writes a row anew, and then inserts another one
# with a higher rowid that shares a token with it: the other one is not found by that token. With
# detail=column, or without secure-delete, it is; so it is by SQLite 3.54.1.
# Here such a transaction is a change of an address: the user's text is written anew, and the former one is
# inserted. The index has detail=column (migrations/sqlite/2026-11-30-000007_former_addresses).
# Seen, the rows that MATCH "oli" finds of the two that have it:
#   SQLite 3.53.2  detail=none, secure-delete    [50]
#                  detail=none                   [50, 70]
#                  detail=column, secure-delete  [50, 70]
#   SQLite 3.54.1  detail=none, secure-delete    [50, 70]
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat > "$tmp/found.py" <<'PYTHON'
import sys

import apsw


def found(detail, secure):
    database = apsw.Connection(":memory:")
    run = database.execute
    run(f"CREATE VIRTUAL TABLE t USING fts5(x, content='', columnsize=0, detail={detail}, tokenize='trigram')")
    if secure:
        run("INSERT INTO t (t, rank) VALUES ('secure-delete', 1)")
    run("INSERT INTO t (rowid, x) VALUES (50, 'oli@x')")
    run("BEGIN")
    run("INSERT INTO t (t, rowid, x) VALUES ('delete', 50, 'oli@x')")
    run("INSERT INTO t (rowid, x) VALUES (50, 'oli@x zzz')")
    run("INSERT INTO t (rowid, x) VALUES (70, 'abc@x oli')")
    run("COMMIT")
    return [row[0] for row in run("SELECT rowid FROM t WHERE t MATCH 'oli' ORDER BY rowid")]


kinds = [("none", True), ("none", False), ("column", True)]
print(apsw.sqlite_lib_version(), *[found(*kind) for kind in kinds], sep=" | ")
PYTHON
seen() { # VERSION of the package
    python3 -m venv "$tmp/$1"
    "$tmp/$1/bin/pip" install --quiet --disable-pip-version-check "apsw==$1"
    "$tmp/$1/bin/python" "$tmp/found.py"
}
old=$(seen 3.53.2.0)
new=$(seen 3.54.1.0)
printf '%s\n' "$old" "$new"
[[ $old == '3.53.2 | [50] | [50, 70] | [50, 70]' && $new == '3.54.1 | [50, 70] | [50, 70] | [50, 70]' ]] ||
    { echo 'not as described above' >&2; exit 1; }
