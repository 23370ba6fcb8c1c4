"""Activations, beside what the machine's cores could hash with Argon2id if they did nothing else."""

import os

from databases import Postgres
from load import wrk
from programs import yardstick
from reads import live_links
from service import Service
from table import at_most, beside

CLIENTS = 16
# More than any two cores hash in a run.
LINKS = 1500
ANSWER = ',"first_name":"Ada","last_name":"Lovelace","password":"seven green bicycles sing"'


def postgres(bench):
    database = bench.filled(Postgres)
    with Service(database, RATE_LIMITS="off") as service:
        yield beside(
            f"activations, PostgreSQL, {CLIENTS} clients; beside cores ÷ time of one Argon2id hash",
            bench.rounds,
            lambda: activate(bench, database, service),
            lambda: len(os.sched_getaffinity(0)) / (float(yardstick("argon2", bench.seconds)) / 1e6),
            "/s", 0.85,
        )
        yield at_most("highest resident memory under activations", service.megabytes("VmHWM"), "MB")


def activate(bench, database, service):
    links = live_links(bench, database, LINKS, "system_user")
    return wrk(
        "link", service.url, CLIENTS, bench.seconds,
        BENCH_PATH="/v1/activations", LINKS=str(links), MEMBERS=ANSWER, ONCE="1",
    )
