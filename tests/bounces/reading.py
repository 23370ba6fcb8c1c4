"""What our reader says of files."""

import os
import subprocess
from dataclasses import dataclass


@dataclass
class Reading:
    file: str
    verdict: str
    letter: str
    found_by: str
    status: str
    blame: str
    fault: str
    denial: str
    reason: str


def read(files, now=None):
    """Reads the files; `now` in seconds after 1970."""
    environment = {**os.environ, **({"NOW": str(int(now))} if now else {})}
    done = subprocess.run(
        [os.environ["YARDSTICK"], "returned-mail"], input="".join(f"{file}\n" for file in files),
        text=True, capture_output=True, check=True, env=environment,
    )
    return [Reading(*line.split("\t")) for line in done.stdout.splitlines()]
