#!/usr/bin/env bash
# PostgreSQL: the generic plan of a prepared statement whose LIMIT is a parameter expects a tenth of the
# table, whatever is given (`plan_cache_mode = force_generic_plan`, or after five executions where it looks
# cheaper). Joins are then planned for far more rows than are read. Here lists are therefore planned at each
# request, and lookups by key alone have generic plans (src/db/sql/planner.rs).
# Seen (PostgreSQL 15.18, 100,000 rows, LIMIT 50): custom plan rows=50, generic plan rows=10000
# Run it as `tests/with-postgres findings/postgresql-limit-parameter.sh`.
set -euo pipefail
sql() { "${PGBIN:?run it by tests/with-postgres}/psql" -X -q -A -t -v ON_ERROR_STOP=1 "$TEST_POSTGRES_URL" "$@"; }
schema=finding_$$
trap 'sql -c "DROP SCHEMA IF EXISTS $schema CASCADE" 2>/dev/null' EXIT
planned() {
    sql <<SQL | grep -o 'rows=[0-9]*' | head -n 1
SET search_path = $schema;
SET plan_cache_mode = $1;
PREPARE newest (bigint) AS SELECT id FROM t ORDER BY id DESC LIMIT \$1;
EXPLAIN EXECUTE newest (50);
SQL
}
sql -c "CREATE SCHEMA $schema" -c "CREATE TABLE $schema.t AS SELECT n AS id FROM generate_series(1, 100000) AS n" \
    -c "CREATE UNIQUE INDEX ON $schema.t (id)" -c "ANALYZE $schema.t"
custom=$(planned force_custom_plan) generic=$(planned force_generic_plan)
[[ $custom == rows=50 && $generic == rows=10000 ]] || { echo "the behaviour has changed: $custom, $generic" >&2; exit 1; }
echo "LIMIT \$1 with 50: a custom plan expects ${custom#rows=} rows, a generic one ${generic#rows=}"
