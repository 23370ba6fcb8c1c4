#!/usr/bin/env bash
# pg_trgm: in a database whose LC_CTYPE is C, text has trigrams of ASCII's letters alone, so that an index
# with gin_trgm_ops is read whole for `LIKE '%Мария%'`. The documentation says that characters that are not
# alphanumeric are ignored; one would expect letters to be letters in a database that is encoded in UTF-8.
# src/db/search/postgres.rs uses these indexes for texts with three letters or digits of ASCII in a row alone.
# Seen (PostgreSQL 15.18, pg_trgm 1.6), the numbers of trigrams of `Мария`, 李明伟 and Łódź:
#   LC_CTYPE C: 0 0 2 (of the letter d)
#   LC_CTYPE C.UTF-8: 6 4 5
# Run it as `tests/with-postgres findings/pg-trgm-locale-c.sh`.
set -euo pipefail
sql() { "${PGBIN:?run it by tests/with-postgres}/psql" -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
base=${TEST_POSTGRES_URL%/*}
trap 'for n in c utf8; do sql "$TEST_POSTGRES_URL" -c "DROP DATABASE IF EXISTS finding_${n}_$$" 2>/dev/null; done' EXIT
# NAME, a locale.
trigrams() {
    sql "$TEST_POSTGRES_URL" -c "CREATE DATABASE finding_$1_$$ TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE '$2'"
    sql "$base/finding_$1_$$" -c 'CREATE EXTENSION pg_trgm' \
        -c "SELECT string_agg(cardinality(show_trgm(word))::text, ' ' ORDER BY n)
            FROM unnest(ARRAY['Мария', '李明伟', 'Łódź']) WITH ORDINALITY AS w (word, n)"
}
c=$(trigrams c C) utf8=$(trigrams utf8 C.UTF-8)
printf 'LC_CTYPE C: %s\nLC_CTYPE C.UTF-8: %s\n' "$c" "$utf8" >&2
[[ $c = '0 0 2' && $utf8 != *0* ]] || { echo 'the behaviour has changed' >&2; exit 1; }
echo "words of other scripts have no trigrams where LC_CTYPE is C"
