"""Single invites: over HTTP beside pgbench with the same inserts; with commits shared beside one each; in full tables."""

from databases import Postgres, Sqlite
from load import invites
from service import Service
from table import beside


def postgres(bench):
    for clients, wanted in ((1, 0.8), (16, 1.5), (64, 2.5)):
        ours, reference = Postgres(bench.folder), Postgres(bench.folder)
        with Service(ours) as service:
            yield beside(
                f"single invites, PostgreSQL, {clients} client{'s' * (clients > 1)}; beside pgbench with the same inserts",
                bench.rounds,
                lambda: invites(service, clients, bench.seconds),
                lambda: reference.pgbench("invite", clients, bench.seconds),
                "/s", wanted,
            )


def sqlite(bench):
    with Service(Sqlite(bench.folder)) as shared, Service(Sqlite(bench.folder), WRITE_BATCH="1") as each:
        yield beside(
            "single invites, SQLite, 64 clients; beside the same build with a commit each",
            bench.rounds,
            lambda: invites(shared, 64, bench.seconds),
            lambda: invites(each, 64, bench.seconds),
            "/s", 4,
        )


def crowded(bench):
    for kind in (Postgres, Sqlite):
        with Service(bench.filled(kind)) as full:
            yield beside(
                f"single invites, {kind.name}, 64 clients, 100,000 rows in the tables; beside empty ones",
                bench.rounds,
                lambda: invites(full, 64, bench.seconds),
                lambda: in_empty_tables(kind, bench),
                "/s", 0.85,
            )


def in_empty_tables(kind, bench):
    with Service(kind(bench.folder)) as empty:
        return invites(empty, 64, bench.seconds)
