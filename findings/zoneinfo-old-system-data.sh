#!/usr/bin/env bash
# Python's `zoneinfo` with the package tzdata 2026.6: British Columbia stays on UTC-7 from 2026 on, and
# tzdata 2025.2 does not know it. A newer package does not help where the system has older files: those come
# first (TZPATH), whatever the versions are, and nothing says so. Here tzdata 2025.2 stands in for the
# system's files. Seen (CPython 3.11), America/Vancouver on 1 December 2026:
#   tzdata 2026.6 alone                      UTC-7
#   tzdata 2025.2 alone                      UTC-8
#   tzdata 2026.6 installed, 2025.2 in TZPATH  UTC-8
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check tzdata==2026.6
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check --target "$tmp/old" tzdata==2025.2
cat > "$tmp/look.py" <<'PY'
import datetime, sys, zoneinfo

at = datetime.datetime(2026, 12, 1, 12, tzinfo=zoneinfo.ZoneInfo("America/Vancouver"))
hours = at.utcoffset() / datetime.timedelta(hours=1)
assert hours == float(sys.argv[1]), (hours, sys.argv[1])
PY
PYTHONTZPATH="" "$tmp/venv/bin/python" "$tmp/look.py" -7
PYTHONTZPATH="" PYTHONPATH="$tmp/old" "$tmp/venv/bin/python" "$tmp/look.py" -8
PYTHONTZPATH="$tmp/old/tzdata/zoneinfo" "$tmp/venv/bin/python" "$tmp/look.py" -8
echo 'older files of the system hide a newer tzdata package'
