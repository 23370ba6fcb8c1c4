#!/usr/bin/env bash
# PostgreSQL, postgres_fdw: `SELECT … ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED` of a table whose partitions
# are foreign tables is sent to each server as a SELECT of all rows with FOR UPDATE: without the LIMIT, and
# without SKIP LOCKED. Whoever takes one row of a queue locks the whole queue, and waits for everyone who has
# taken one. (Of a foreign table by itself the LIMIT is sent, and SKIP LOCKED is not.)
# The outbox and the deliveries of webhooks are claimed in this way, so that their tables must not be foreign
# ones (docs/scale.md).
# Seen (PostgreSQL 15.18):
#   Remote SQL: SELECT id FROM finding.a ORDER BY id ASC NULLS LAST FOR UPDATE
# Run it as `tests/with-postgres findings/postgresql-fdw-locks-every-row.sh`.
set -euo pipefail
psql=${PGBIN:?run it by tests/with-postgres}/psql
sql() { "$psql" -X -q -A -t -v ON_ERROR_STOP=1 "$TEST_POSTGRES_URL" "$@"; }
name=finding_$$
back() {
    sql -c 'SET client_min_messages = warning' -c "DROP SCHEMA IF EXISTS $name CASCADE" \
        -c "DROP SERVER IF EXISTS $name CASCADE"
}
trap back EXIT
plan=$(sql << EOF
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SCHEMA $name;
CREATE SERVER $name FOREIGN DATA WRAPPER postgres_fdw;
CREATE TABLE $name.queue (id int NOT NULL) PARTITION BY HASH (id);
CREATE FOREIGN TABLE $name.a PARTITION OF $name.queue FOR VALUES WITH (MODULUS 2, REMAINDER 0) SERVER $name;
CREATE FOREIGN TABLE $name.b PARTITION OF $name.queue FOR VALUES WITH (MODULUS 2, REMAINDER 1) SERVER $name;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM $name.queue ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
EOF
)
remote=$(grep -o 'Remote SQL: .*' <<< "$plan")
echo "$remote"
[[ $remote == *'FOR UPDATE'* && $remote != *LIMIT* && $remote != *SKIP* ]] || { echo 'the behaviour has changed' >&2; exit 1; }
