"""Runs one mail server in name spaces of its own, sends it the letters, and keeps the reports; see servers.py."""

import os
import subprocess
import sys
import time
from pathlib import Path

import network
from letters import LETTERS, REPLIES
from mail_servers import SERVERS, Root

REPORT_LIMIT = 45


def main():
    name, packages, reports = sys.argv[1:]
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    network.start(REPLIES)
    root = Root(packages)
    server = SERVERS[name](root)
    try:
        for letter in LETTERS:
            server.send(letter)
        missing = collect(Path(reports), server.hurry)
    except OSError as error:
        print(f"bounces: {name}: {error}", file=sys.stderr)
        missing = True
    if missing:
        print(root.text("tmp/server.log")[-3000:], file=sys.stderr)
    # The server's processes end with this one.
    sys.stderr.flush()
    os._exit(bool(missing))


def collect(reports, hurry):
    """Stores the reports; the letters without one are left."""
    missing = {letter.sender: letter for letter in LETTERS}
    hurried = time.monotonic()
    deadline = hurried + REPORT_LIMIT
    while missing and time.monotonic() < deadline:
        while network.MailServer.stored:
            recipients, report = network.MailServer.stored.pop()
            if letter := missing.pop(recipients[0], None):
                (reports / f"{letter.name}.eml").write_bytes(report)
        time.sleep(0.5)
        if time.monotonic() > hurried + 6:
            hurry()
            hurried = time.monotonic()
    return missing


main()
