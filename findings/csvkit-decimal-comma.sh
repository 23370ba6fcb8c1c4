#!/usr/bin/env bash
# csvkit 2.1.0 (agate 1.14.2): `in2csv` reads the quoted cell "0,23" of a valid comma-separated file as a
# number with a thousands separator, and writes 23: a hundred times as much, without a warning. "0,195"
# becomes 195. `csvcut` and `csvformat` leave the cells as they are; with `--locale de_DE` they become 0.23
# and 0.195, and with `-I` they stay. Seen (CPython 3.11):
#   $ in2csv rates.csv
#   email,rate
#   a@b.example,23
#   b@b.example,195
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check csvkit==2.1.0 agate==1.14.2
printf 'email,rate\na@b.example,"0,23"\nb@b.example,"0,195"\n' > "$tmp/rates.csv"
export LC_ALL=C.UTF-8
same() { diff -u <(printf '%b' "$1") <("${@:2}") || { echo "the behaviour has changed: ${*:2}" >&2; exit 1; }; }
same 'email,rate\na@b.example,23\nb@b.example,195\n' "$tmp/venv/bin/in2csv" "$tmp/rates.csv"
same 'rate\n"0,23"\n"0,195"\n' "$tmp/venv/bin/csvcut" -c rate "$tmp/rates.csv"
same 'email,rate\na@b.example,0.23\nb@b.example,0.195\n' "$tmp/venv/bin/in2csv" --locale de_DE "$tmp/rates.csv"
same 'email,rate\na@b.example,"0,23"\nb@b.example,"0,195"\n' "$tmp/venv/bin/in2csv" -I "$tmp/rates.csv"
echo 'in2csv reads "0,23" as 23'
