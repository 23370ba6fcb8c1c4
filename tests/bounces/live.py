"""The whole way of a letter that comes back, through each of Debian's mail servers, on both databases; see run."""

import json
import os
import subprocess
import sys
from pathlib import Path

from live_cases import CASES
from servers import NAME_SPACES, SERVERS, fetch

# Besides the server's own package.
MORE = {"dma": ["postfix"]}
HERE = Path(__file__).resolve().parent
LIMIT = 600
# PostgreSQL's files are in the name space, too, and end with it.
ENTER = 'ip link set lo up && mount -t tmpfs -o mode=1777 none /srv && TMPDIR=/srv exec "$@"'


def begin(folder, name):
    """The mail server and the service, in their own network, file systems and processes."""
    packages = [str(fetch(folder, package)) for package in (SERVERS[name], *MORE.get(name, []))]
    log = open(folder / f"{name}-live.log", "wb")
    (folder / f"{name}-live.json").unlink(missing_ok=True)
    inside = [sys.executable, "-B", str(HERE / "live_inside.py"), name, str(folder / f"{name}-live.json"), *packages]
    process = subprocess.Popen(
        [*NAME_SPACES, "--mount-proc", "sh", "-c", ENTER, "sh", str(HERE.parent / "with-postgres"), *inside],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log,
    )
    log.close()
    return process


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    names = sys.argv[2:] or list(SERVERS)
    processes = {name: begin(folder, name) for name in names}
    failures = 0
    print("| server | refusal | state | reason | SQLite | PostgreSQL |\n|---|---|---|---|---|---|")
    try:
        for name, process in processes.items():
            process.wait(LIMIT)
            failures += report(folder, name)
    finally:
        for process in processes.values():
            # All processes of its name space end with it.
            process.kill()
    print(f"running service: {failures} of {len(names) * (len(CASES) + 2) * 2} answers wrong (wanted: none).")
    return failures > 0


def report(folder, name):
    """Prints what was seen of a server: how much of it was wrong."""
    file = folder / f"{name}-live.json"
    rows = json.loads(file.read_text()) if file.exists() else []
    refusals = list(dict.fromkeys(row[1] for row in rows))
    failures = 0 if len(refusals) == len(CASES) + 2 else 1
    for refusal in refusals:
        found = {database: (state, reason, wrong) for database, one, state, reason, wrong in rows if one == refusal}
        (state, reason, _), *_ = found.values()
        judged = []
        for database in ("SQLite", "PostgreSQL"):
            wrong = found[database][2] if database in found else ["not tried"]
            failures += bool(wrong)
            judged.append("; ".join(wrong).replace("\n", " ") or "right")
        print(f"| {name} | {refusal} | {state} | {reason} | {' | '.join(judged)} |", flush=True)
    if failures:
        log = (folder / f"{name}-live.log").read_text(errors="replace")
        print(f"bounces: {name}: {log[-8000:] or 'it has written nothing'}", file=sys.stderr)
    return failures


if __name__ == "__main__":
    sys.exit(main())
