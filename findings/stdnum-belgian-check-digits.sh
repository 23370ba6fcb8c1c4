#!/usr/bin/env bash
# python-stdnum 2.2: a Belgian enterprise or VAT number has the check digits 97 - (first eight digits mod
# 97), which are 01 to 97. The library asks whether (first eight digits + check digits) mod 97 is 0, so that
# 98, 99 and 00 pass beside 01, 02 and 97: three numbers in 97 have two spellings that it takes, of which
# one is never issued. Seen (CPython 3.11): BE0400008402 and BE0400008499 pass, BE0400008501 and
# BE0400008598, BE0400008697 and BE0400008600
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check python-stdnum==2.2
"$tmp/venv/bin/python" - <<'PY'
from stdnum.be import vat

twice = 0
for first in range(4_000_000, 4_009_700):
    published = 97 - first % 97
    assert 1 <= published <= 97
    accepted = [check for check in range(100) if vat.is_valid(f"BE{first:08}{check:02}")]
    assert published in accepted, (first, accepted)
    others = [check for check in accepted if check != published]
    assert others == {1: [98], 2: [99], 97: [0]}.get(published, []), (first, accepted)
    twice += bool(others)
assert twice == 300, twice
print("98, 99 and 00 pass as Belgian check digits")
PY
