"""Compares our verdicts on the messages of flufl.bounce with its own; see run."""

import email
import sys
from pathlib import Path

from flufl.bounce import all_failures

from reading import read

NUMBER = 117
WANTED = 97
KINDS = {"failed": "failure", "delayed": "delay"}


def answer(file):
    temporary, permanent = all_failures(email.message_from_bytes(file.read_bytes()))
    return "failure" if permanent else "delay" if temporary else "other"


def main():
    files = sorted(Path(sys.argv[1]).glob("*.txt"))
    if len(files) != NUMBER:
        raise SystemExit(f"bounces: {len(files)} messages are there, not {NUMBER}")
    rows = [(file.name, answer(file), reading) for file, reading in zip(files, read(files))]
    others = [row for row in rows if row[1] != KINDS.get(row[2].verdict, "other")]
    if others:
        print("| message | flufl.bounce | ours | code |\n|---|---|---|---|")
    for name, its, reading in others:
        print(f"| {name} | {its} | {reading.verdict} | {reading.status} |")
    share = 100 * (1 - len(others) / len(rows))
    print(f"flufl.bounce: {len(rows) - len(others)} of {len(rows)} messages alike, {share:.1f} % (wanted: {WANTED} %).")
    return share < WANTED


sys.exit(main())
