"""Sends five letters through each of Debian's mail servers, and compares what comes back; see run."""

import os
import subprocess
import sys
import time
from pathlib import Path

from letters import LETTERS
from reading import read

HERE = Path(__file__).resolve().parent
# An own network, file systems, processes and host name: nothing is installed, and all of it ends with this process,
# however that ends.
NAME_SPACES = ["setpriv", "--pdeathsig", "KILL", "unshare", "--uts", "--mount", "--net", "--pid", "--fork", "--kill-child"]
SERVERS = {"postfix": "postfix", "exim": "exim4-daemon-light", "opensmtpd": "opensmtpd", "dma": "dma"}


def fetch(folder, package):
    """The package, and what it needs beyond what is here; nothing is installed."""
    packages = folder / package
    if not (packages / "done").exists():
        print(f"bounces: fetching Debian's {package}", file=sys.stderr)
        (packages / "partial").mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["apt-get", "install", "--download-only", "-qq", "-y", "--no-install-recommends",
             "-o", f"Dir::Cache::archives={packages}", package],
            check=True, stdout=subprocess.DEVNULL,
        )
        (packages / "done").touch()
    return packages


def judge(name, letter, reading):
    """What is wrong with a reading; nothing if it is right."""
    wrong = []
    if reading.letter != letter.id or reading.found_by != "verp":
        wrong.append(f"the letter is {reading.letter or 'not found'} by {reading.found_by or 'nothing'}")
    if reading.verdict not in letter.verdicts:
        wrong.append(f"it is {reading.verdict}")
    if reading.blame not in letter.blames:
        wrong.append(f"{reading.blame or 'nobody'} is blamed")
    if letter.denies != bool(reading.denial):
        wrong.append("the mailbox is denied" if reading.denial else "the mailbox is not denied")
    return wrong


def main():
    folder = Path(sys.argv[1])
    right = 0
    print("| server | refusal | verdict | code | blame | reason | |\n|---|---|---|---|---|---|---|")
    for name, package in SERVERS.items():
        packages, reports = fetch(folder, package), folder / f"{name}-reports"
        reports.mkdir(exist_ok=True)
        for old in reports.glob("*"):
            old.unlink()
        subprocess.run(
            [*NAME_SPACES, sys.executable, "-B", str(HERE / "inside.py"), name, str(packages), str(reports)],
            check=False, timeout=180,
        )
        for letter in LETTERS:
            file = reports / f"{letter.name}.eml"
            if not file.exists():
                print(f"| {name} | {letter.name} | | | | | no report |")
                continue
            reading = read([file], time.time())[0]
            wrong = judge(name, letter, reading)
            right += not wrong
            read_as = f"{reading.verdict} | {reading.status} | {reading.blame} | {reading.reason}"
            print(f"| {name} | {letter.name} | {read_as} | {'; '.join(wrong) or 'right'} |")
    number = len(SERVERS) * len(LETTERS)
    print(f"mail servers: {right} of {number} reports read right (wanted: all).")
    return right < number


if __name__ == "__main__":
    sys.exit(main())
