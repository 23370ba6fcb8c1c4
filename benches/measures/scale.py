"""Times of answers as the database grows, at a constant rate of requests: every read endpoint, at every size."""

import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import machine
from constant_rate import CLIENTS, RATE, latencies
from databases import Postgres, Sqlite
from latency_report import Latencies, head, summary, svg
from programs import output
from read_endpoints import read_endpoints, request
from seeded_values import SeededValues
from service import Service

SMALLEST = 10_000
# Seconds: those of a turn, and those before its times count.
TURN, WARM_UP, FIRST_WARM_UP = 1, 0.2, 1


def sizes():
    """Powers of ten up to SCALE."""
    largest = int(os.environ["SCALE"])
    smaller = [SMALLEST * 10**power for power in range(6) if SMALLEST * 10**power < largest]
    return [*smaller, largest]


def scale(bench):
    """Prints a table for each database, and returns them as text with the plots by their files' names."""
    lines, plots = [], {}
    seconds = int(os.environ.get("SCALE_SECONDS") or 5)

    def say(*words):
        lines.extend(words)
        print(*words, sep="\n", flush=True)

    say(f"{machine.describe(bench)} {CLIENTS} clients, {RATE} requests/s for {seconds} s at each size, in turns.")
    for kind in (Postgres, Sqlite):
        say("", head(kind.name, sizes()))
        all_latencies = []
        for one in measured(bench, kind, seconds):
            all_latencies.append(one)
            say(one.row())
        if len(sizes()) > 1:
            say("", summary(kind.name, all_latencies))
        plots[f"latency-{kind.name.lower()}.svg"] = svg(kind.name, sizes(), all_latencies)
    return "\n".join(lines), plots


def write(page, text, plots):
    machine.write(page, machine.SCALE, text)
    for name, plot in plots.items():
        (page.parent / name).write_text(plot)


def measured(bench, kind, seconds):
    """The times of the answers of each endpoint."""
    with ExitStack() as running:
        databases = [Sized(bench, kind, size, running) for size in sizes()]
        for name in databases[0].endpoints:
            turns = [[] for _ in databases]
            # In another order each time: whatever else the machine does meets every size.
            for turn in range(seconds // TURN):
                for place in range(len(databases)):
                    at = (place + turn) % len(databases)
                    turns[at].append(databases[at].turn(name, FIRST_WARM_UP if turn == 0 else WARM_UP))
            yield Latencies(name, turns)


class Sized:
    """A database of a size, with the service at work on it."""

    def __init__(self, bench, kind, size, running):
        database = kind(bench.folder)
        seed(database, size)
        self.service = running.enter_context(Service(database, RATE_LIMITS="off"))
        self.endpoints = read_endpoints(self.service, SeededValues(database))
        self.turns = 0

    def turn(self, name, warm_up):
        self.turns += 1
        counted = RATE * TURN
        # Another program each time: whoever has looked at a link within the last minute writes nothing, so that
        # the first requests, which do not count, write down all that the turn's others would.
        draw, agent = self.endpoints[name], f"scale/{self.turns}"
        requests = [request(draw(), agent) for _ in range(counted + round(RATE * warm_up))]
        return latencies(self.service.port, requests, counted)


def seed(database, size):
    began = time.monotonic()
    output(Path(os.environ["SEED_PROGRAM"]), DATABASE_URL=database.url, USERS=str(size), SEED="1")
    if isinstance(database, Postgres):
        # Or the server would write all that to its files while times are taken.
        database.query("CHECKPOINT")
    print(f"bench: {size:,} people in {database.name} after {time.monotonic() - began:.0f} s", file=sys.stderr)
