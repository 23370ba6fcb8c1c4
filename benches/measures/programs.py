"""The programs that are measured, and those that measure."""

import os
import secrets
import subprocess
from pathlib import Path

BENCHES = Path(__file__).resolve().parent.parent
SERVICE = Path(os.environ["SERVICE"])
YARDSTICK = Path(os.environ["YARDSTICK"])
PGBIN = Path(os.environ["PGBIN"])
# Signs tokens of both kinds; the yardstick and every process of the service are given the same one.
SECRET_KEY = secrets.token_hex(32)


def output(*command, stdin=None, **environment):
    """What a command prints; the run ends with its words when it fails."""
    done = subprocess.run(
        [str(part) for part in command], input=stdin, text=True, capture_output=True, env={**os.environ, **environment}
    )
    if done.returncode:
        raise SystemExit(f"bench: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def yardstick(*arguments, stdin=None):
    return output(YARDSTICK, *arguments, stdin=stdin, SECRET_KEY=SECRET_KEY)
