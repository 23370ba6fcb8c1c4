"""The recipes for mail servers of docs/operations.md, word for word: what is tried is what operators read."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/operations.md"
# The addresses and files that the recipes name.
DOMAIN = "invite.example.com"
ENVELOPE_FROM = f"bounces@{DOMAIN}"
SECRET_FILE = "/etc/invitations/dsn"
USER = "invitations"


def section():
    text = PAGE.read_text().partition("\n## Returned mail\n")[2].partition("\n### ")[0]
    return text or missing("the section on returned mail")


def block(beginning):
    """The block of code that begins so."""
    blocks = re.findall(r"```text\n(.*?)```", section(), re.S)
    return next((one for one in blocks if one.startswith(beginning)), None) or missing(f"a block with {beginning}")


def missing(what):
    raise SystemExit(f"bounces: {PAGE} has no longer {what}")


def found(pattern):
    match = re.search(pattern, section())
    return match[1] if match else missing(pattern)


def postfix():
    """Lines for master.cf, and for main.cf."""
    master, _, main = block("# master.cf\n").partition("# main.cf\n")
    return master, main


def exim():
    """A router, and a transport."""
    router, _, transport = block("invitations_router:\n").partition("\n\n")
    return router + "\n", transport


def forward():
    """The content of a .forward file."""
    return found(r'`("\|/usr/bin/invitation-service bounce --secret-file )…"`') + f'{SECRET_FILE}"\n'
