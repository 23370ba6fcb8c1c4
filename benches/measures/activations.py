"""Activations, beside what the machine's cores could hash with Argon2id if they did nothing else."""

import os
from pathlib import Path

from databases import Postgres
from load import wrk
from programs import yardstick
from reads import live_links
from service import Service
from table import at_most, beside

CLIENTS = 16
ANSWER = ',"first_name":"Ada","last_name":"Lovelace","password":"seven green bicycles sing"'


def postgres(bench):
    database = bench.filled(Postgres)
    # For each round more than the machine can use, and for none those of the round before, some of which are
    # still under way.
    cores = len(os.sched_getaffinity(0))
    each, rounds = 200 * cores * bench.seconds, 2 * bench.rounds
    links = live_links(bench, database, each * rounds, "system_user").read_text().splitlines()
    rounds = (links[number * each : (number + 1) * each] for number in range(rounds))
    with Service(database, RATE_LIMITS="off") as service:
        for at_once, reference, wanted in (
            (cores, "as many Argon2id hashes at once as there are cores", 0.85),
            (1, "cores ÷ time of one Argon2id hash", 0.75),
        ):
            yield beside(
                f"activations, PostgreSQL, {CLIENTS} clients; beside {reference}",
                bench.rounds,
                lambda: activate(bench, service, next(rounds)),
                lambda: hashes_per_second(bench, cores, at_once),
                "/s", wanted,
            )
        yield at_most("highest resident memory under activations", service.megabytes("VmHWM"), "MB")


def hashes_per_second(bench, cores, at_once):
    each = float(yardstick("argon2", bench.seconds, at_once)) / 1e6
    return (cores if at_once == 1 else 1) / each


def activate(bench, service, links):
    file = Path(bench.folder) / "round.txt"
    file.write_text("".join(f"{link}\n" for link in links))
    return wrk(
        "link", service.url, CLIENTS, bench.seconds,
        BENCH_PATH="/v1/activations", LINKS=str(file), MEMBERS=ANSWER, ONCE="1",
    )
