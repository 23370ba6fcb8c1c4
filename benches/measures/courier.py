"""The courier over SMTP, beside Postfix's own pair of programs at as many connections."""

import os
import socket
import subprocess
import time
from pathlib import Path

from databases import Postgres
from load import invites
from programs import SERVICE, output
from service import Service, free_port
from table import beside

CONNECTIONS = 4
MESSAGES = 10_000


def postgres(bench):
    database = Postgres(bench.folder)
    with Service(database) as service:
        invites(service, 64, 2 * bench.seconds)
    with Sink() as sink:
        size = letter_size(bench)
        yield beside(
            f"courier over SMTP, {CONNECTIONS} connections, letters of {size} bytes; beside smtp-source → smtp-sink",
            bench.rounds,
            lambda: drain(bench, database, sink),
            lambda: source(sink, size),
            "letters/s", 0.25,
        )


def letter_size(bench):
    """The bytes of an invitation to the staff."""
    folder = Path(bench.folder) / "letters"
    output(SERVICE, "mail-preview", folder)
    sizes = [file.stat().st_size for file in folder.glob("*.eml")]
    return sum(sizes) // len(sizes)


def drain(bench, database, sink):
    """Letters a second, from the first that was taken to the last."""
    [[before]] = database.query("SELECT count(*) FROM letters WHERE state = 'sent'")
    began = time.time()
    with Service(database, "courier", MAIL_URL=f"smtp://127.0.0.1:{sink.port}?tls=none"):
        time.sleep(bench.seconds)
    [[count, seconds, left]] = database.query(
        "SELECT count(*), extract(epoch FROM max(sent_at) - min(sent_at)), (SELECT count(*) FROM letters WHERE state = 'queued') "
        f"FROM letters WHERE sent_at >= to_timestamp({began})"
    )
    if int(count) < 10 * CONNECTIONS:
        raise SystemExit(f"bench: the courier sent {count} letters, with {before} sent before and {left} left")
    return (int(count) - 1) / float(seconds)


def source(sink, size):
    began = time.perf_counter()
    # -d: the next message goes over the same connection, as the courier's does.
    output(
        "smtp-source", "-d", "-s", CONNECTIONS, "-m", MESSAGES, "-l", size, "-f", "no-reply@example.com",
        "-t", "person@example.com", f"127.0.0.1:{sink.port}",
    )
    return MESSAGES / (time.perf_counter() - began)


class Sink:
    """smtp-sink, while the `with` block runs: takes every letter and throws it away."""

    def __init__(self):
        self.port = free_port()

    def __enter__(self):
        # It refuses to run as root.
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        command = ["smtp-sink", *user, f"127.0.0.1:{self.port}", "100"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    raise SystemExit("bench: smtp-sink did not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
