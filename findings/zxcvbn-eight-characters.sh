#!/usr/bin/env bash
# zxcvbn (PyPI `zxcvbn` 4.5.0; the same formula is in the JavaScript original 4.4.2): no password of eight
# characters has a score above 2, however random, although 94^8 is 6 * 10^15. A character counts as at most
# 10 guesses (BRUTEFORCE_CARDINALITY), which makes 10^8 + 1 of eight, and a score of 3 begins at 10^8 + 5.
# Nine random characters have 10^9 + 1, and 3. So a rule "at least 8 characters, score at least 3" asks for
# nine. Seen (CPython 3.11): qZ7!vR2? -> score 2, guesses 100000001; qZ7!vR2?m -> score 3, guesses
# 1000000001
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check zxcvbn==4.5.0
"$tmp/venv/bin/python" - <<'PY'
import random, string
from zxcvbn import zxcvbn

result = zxcvbn("qZ7!vR2?")
assert (result["score"], result["guesses"]) == (2, 100_000_001), result
result = zxcvbn("qZ7!vR2?m")
assert (result["score"], result["guesses"]) == (3, 1_000_000_001), result
pick = random.Random(8)
signs = string.ascii_letters + string.digits + string.punctuation
best = max(zxcvbn("".join(pick.choices(signs, k=8)))["score"] for _ in range(500))
assert best == 2, best
best = max(zxcvbn("".join(pick.choices("äßñłøжщљ漢字🦀🐙", k=8)))["score"] for _ in range(200))
assert best == 2, best
print("no eight characters reach a score of 3")
PY
