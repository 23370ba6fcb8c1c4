#!/usr/bin/env bash
# PostgreSQL: `statement_timeout` ends before the COMMIT does, also for a single INSERT that commits by
# itself. Where `synchronous_standby_names` names a standby that is not there, it waits for as long as that
# lasts. And who cancels it gets no error: the INSERT is a success with a warning, committed on this server
# and on no other.
# Here a COMMIT that does not end in time is neither repeated nor called a failure (docs/adr/0012), and
# /readyz commits a record.
# Seen (PostgreSQL 15.18), statement_timeout = 300 ms, cancelled after 2 s:
#   WARNING:  canceling wait for synchronous replication due to user request
#   DETAIL:  The transaction has already committed locally, but might not have been replicated to the standby.
#   INSERT 0 1      (exit code 0; the row is there)
# Run it as `tests/with-postgres findings/postgresql-commit-without-timeout.sh`, beside a server that nobody
# else uses.
set -euo pipefail
tmp=$(mktemp -d)
psql=${PGBIN:?run it by tests/with-postgres}/psql
sql() { "$psql" -X -A -t -v ON_ERROR_STOP=1 "$TEST_POSTGRES_URL" "$@"; }
changed() { echo "the behaviour has changed: $(cat "$tmp/out")" >&2; exit 1; }
table=finding_$$
back() {
    sql -q -c 'ALTER SYSTEM RESET synchronous_standby_names' -c 'SELECT pg_reload_conf()' \
        -c "DROP TABLE IF EXISTS $table" > "$tmp/back" 2>&1
    rm -rf "$tmp"
}
trap back EXIT
sql -q -c "CREATE TABLE $table (n int)" -c "ALTER SYSTEM SET synchronous_standby_names = 'nobody'" \
    -c 'SELECT pg_reload_conf()' > "$tmp/set"
waits="application_name = '$table' AND wait_event = 'SyncRep'"
for ((i = 0; i < 50; i++)); do
    [[ $(sql -q -c 'SHOW synchronous_standby_names') == nobody ]] && break
    sleep 0.1
done
PGAPPNAME=$table sql -c 'SET synchronous_commit = on' -c "SET statement_timeout = '300ms'" \
    -c "INSERT INTO $table VALUES (1)" > "$tmp/out" 2>&1 &
insert=$!
sleep 2
pid=$(sql -q -c "SELECT pid FROM pg_stat_activity WHERE $waits")
[[ $pid ]] || changed
sql -q -c "SELECT pg_cancel_backend($pid)" > "$tmp/cancelled"
wait "$insert" || changed
grep -q 'already committed locally' "$tmp/out" && grep -qx 'INSERT 0 1' "$tmp/out" || changed
[[ $(sql -q -c "SELECT count(*) FROM $table") == 1 ]] || changed
echo 'with statement_timeout = 300 ms an INSERT waits for its commit for 2 s; cancelled, it is a success'
