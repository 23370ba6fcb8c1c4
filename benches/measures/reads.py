"""Reads in filled tables: beside pgbench's prepared select of the same rows, and beside a bare handler on SQLite."""

import socket
import subprocess
from itertools import count
from pathlib import Path

from databases import ROWS, Postgres, Sqlite
from load import wrk
from programs import YARDSTICK, yardstick
from service import Service, free_port
from table import beside

CLIENTS = 16
# So few that every one has been looked at before the measuring begins: looks within a minute count as one,
# and write nothing.
LOOKED_AT = 500
# So many that each is looked at once a round, by another program than before: every look is written down.
MANY = 20_000


def live_links(bench, database, number, kind=None):
    """A file with the tokens of live links, to whatever or of one kind."""
    # Of the pending ones, those whose number ends in 1 have expired: see ../sql/fill.sql.
    live = "state = 'pending' AND id LIKE 'inv_01k0000000e008%' AND id NOT LIKE '%1'" + (f" AND kind = '{kind}'" if kind else "")
    ids = database.query(f"SELECT id FROM invitations WHERE {live} ORDER BY id LIMIT {number}")
    if len(ids) < number:
        raise SystemExit(f"bench: {len(ids)} live links instead of {number}")
    file = Path(bench.folder) / f"links-{number}.txt"
    file.write_text(yardstick("links", stdin="".join(f"{row[0]}\n" for row in ids)))
    return file


def get(server, bench):
    return wrk("get", server.url, CLIENTS, bench.seconds, ROWS=str(ROWS))


def newest(server, bench):
    return wrk("list", server.url, CLIENTS, bench.seconds)


def preview(server, bench, links, agent="wrk"):
    path = "/v1/activations/preview"
    return wrk("link", server.url, CLIENTS, bench.seconds, BENCH_PATH=path, LINKS=str(links), AGENT=agent)


def reads(bench, database, service):
    """Each read with its name: how to do it once, and how to ask another server for it."""
    few, many = (live_links(bench, database, number) for number in (LOOKED_AT, MANY))
    preview(service, bench, few)
    agents = (f"agent {number}" for number in count())
    yield "GET by id", lambda server: get(server, bench)
    yield "preview", lambda server: preview(server, bench, few)
    yield "preview, first look (written down)", lambda server: preview(server, bench, many, next(agents))
    yield "list of 50", lambda server: newest(server, bench)


def postgres(bench):
    database = bench.filled(Postgres)
    wanted = {"GET by id": 0.4, "preview": 0.4}
    with Service(database, RATE_LIMITS="off") as service:
        for name, read in reads(bench, database, service):
            script = "list" if name == "list of 50" else "get"
            yield beside(
                f"{name}, PostgreSQL, {CLIENTS} clients; beside pgbench's select of the same row{'s' * (script == 'list')}",
                bench.rounds,
                lambda: read(service),
                lambda: database.pgbench(script, CLIENTS, bench.seconds, rows=ROWS),
                "/s", wanted.get(name),
            )


def sqlite(bench):
    database = bench.filled(Sqlite)
    wanted = {"GET by id": 0.2, "preview": 0.2}
    with Service(database, RATE_LIMITS="off") as service:
        for name, read in reads(bench, database, service):
            with Constant(size(service, bench, name)) as constant:
                yield beside(
                    f"{name}, SQLite, {CLIENTS} clients; beside a bare handler with as much constant JSON",
                    bench.rounds,
                    lambda: read(service),
                    lambda: read(constant),
                    "/s", wanted.get(name),
                )


def size(service, bench, name):
    """The bytes of an answer's body."""
    if name.startswith("preview"):
        link = (Path(bench.folder) / f"links-{LOOKED_AT}.txt").read_text().split()[0]
        return len(service.answer("POST", "/v1/activations/preview", f'{{"token":"{link}"}}')[1])
    path = "/v1/invitations" if name == "list of 50" else "/v1/invitations/inv_01k0000000e008100000000007"
    return len(service.answer("GET", path)[1])


class Constant:
    """The bare handler, while the `with` block runs."""

    def __init__(self, size):
        self.port = free_port()
        self.size = size
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.process = subprocess.Popen([YARDSTICK, "constant", str(self.port), str(self.size)])
        while self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except ConnectionRefusedError:
                continue
        raise SystemExit("bench: the bare handler did not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
