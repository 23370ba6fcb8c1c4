#!/usr/bin/env bash
# PostgreSQL: a table that was vacuumed while it was empty is scanned by each check of a foreign key to it,
# in every session that began to write then, however large it grows, until it is analysed. The plan of such a
# check is kept in the session. The planner assumes ten pages for a table that was never vacuumed, and none
# for this one: a scan of it seems to cost nothing. One would expect a check by the unique index that the key
# requires. `enable_seqscan = off` in the session reaches these checks (src/db/sql/planner.rs).
# Seen (PostgreSQL 15.18, 2,000 inserts into a table and into one that refers to it, in one session):
#   untouched: 1 sequential scans, 0 rows
#   vacuumed while empty: 2001 sequential scans, 2001000 rows
#   the same, enable_seqscan = off: 1 sequential scans, 0 rows
# (one of them is of the empty table, when the key is made).
# Run it as `tests/with-postgres findings/postgresql-plan-of-an-empty-table.sh`.
set -euo pipefail
sql() { "${PGBIN:?run it by tests/with-postgres}/psql" -X -q -A -t -v ON_ERROR_STOP=1 "$TEST_POSTGRES_URL" "$@"; }
schema=finding_$$
trap 'sql -c "DROP SCHEMA IF EXISTS $schema CASCADE" 2>/dev/null' EXIT
# How often the parents are scanned. WHAT, an order before the inserts, a setting of their session.
scans() {
    sql -c "DROP SCHEMA IF EXISTS $schema CASCADE" -c "CREATE SCHEMA $schema" \
        -c "CREATE TABLE $schema.parents (id int PRIMARY KEY) WITH (autovacuum_enabled = off)" \
        -c "CREATE TABLE $schema.children (parent int REFERENCES $schema.parents)" -c "$2" 2>/dev/null
    {
        echo "SET search_path = $schema; $3;"
        for id in {1..2000}; do echo "INSERT INTO parents VALUES ($id); INSERT INTO children VALUES ($id);"; done
    } | sql
    # The session has ended, and has reported what it read.
    read -r scans rows < <(sql -F ' ' -c "SELECT seq_scan, seq_tup_read FROM pg_stat_user_tables
        WHERE schemaname = '$schema' AND relname = 'parents'")
    echo "$1: $scans sequential scans, $rows rows" >&2
    echo "$scans"
}
untouched=$(scans 'untouched' 'SELECT' "SET enable_seqscan = on")
vacuumed=$(scans 'vacuumed while empty' "VACUUM $schema.parents" "SET enable_seqscan = on")
switched=$(scans 'the same, enable_seqscan = off' "VACUUM $schema.parents" "SET enable_seqscan = off")
((untouched < 10 && vacuumed > 1900 && switched < 10)) || { echo 'the behaviour has changed' >&2; exit 1; }
echo "a table that was vacuumed while empty was scanned $vacuumed times by checks of foreign keys to it"
