#!/usr/bin/env bash
# A `+` in the query of a PostgreSQL URL: libpq decodes as RFC 3986 does and keeps it; SQLAlchemy 2.1.9 and
# node's pg-connection-string 2.14.1 decode as an HTML form does, and make it a blank. With the same
# DATABASE_URL, psql finds a certificate that the application does not find. `%2B` is a plus to all three.
# Seen (psycopg 3.3.9 with its own libpq 18.6, Node 20):
#                          sslrootcert=/etc/c++/root.pem   application_name=a+b   application_name=a%2Bb
#   libpq                  /etc/c++/root.pem               a+b                    a+b
#   SQLAlchemy             "/etc/c  /root.pem"             "a b"                  a+b
#   pg-connection-string   -                               "a b"                  a+b
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check 'psycopg[binary]==3.3.9' SQLAlchemy==2.1.9
npm install --ignore-scripts --silent --no-audit --no-fund --prefix "$tmp" pg-connection-string@2.14.1 > /dev/null
"$tmp/venv/bin/python" - <<'PY'
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

for query, libpq, sqlalchemy in (
    ("sslrootcert=/etc/c++/root.pem", "/etc/c++/root.pem", "/etc/c  /root.pem"),
    ("application_name=a+b", "a+b", "a b"),
    ("application_name=a%2Bb", "a+b", "a+b"),
):
    url, name = f"postgresql://app@db.example/orders?{query}", query.partition("=")[0]
    said = conninfo_to_dict(url)[name], make_url(url).query[name]
    assert said == (libpq, sqlalchemy), f"the behaviour has changed: {query}: {said}"
print(f"libpq {pq.version()}")
PY
cat > look.js <<'JS'
const assert = require('node:assert');
const { parse } = require('pg-connection-string');
const name = (text) => parse(`postgresql://app@db.example/orders?application_name=${text}`).application_name;
assert.strictEqual(name('a+b'), 'a b', 'the behaviour has changed');
assert.strictEqual(name('a%2Bb'), 'a+b');
console.log('a + in a PostgreSQL URL is a plus to libpq, a blank to SQLAlchemy and pg-connection-string');
JS
node look.js
