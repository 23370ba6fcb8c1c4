"""Start-up time and resident memory of the whole service, courier included."""

from statistics import median

from databases import Postgres, Sqlite
from load import Aside, invites
from programs import SERVICE
from service import Service
from table import Row, at_most


def start(bench):
    database, times = Sqlite(bench.folder), []
    for _ in range(5):
        with Service(database, "serve") as service:
            times.append(service.seconds_to_ready * 1000)
    yield at_most("start to ready, SQLite, migrated (median of 5)", median(times), "ms", 200)
    yield Row("program", f"{SERVICE.stat().st_size / 2**20:.0f} MB")


def memory(bench):
    for kind, idle in ((Sqlite, 30), (Postgres, None)):
        with Service(kind(bench.folder), "serve") as service:
            # What is made at the first use has been made then.
            for path in ("/healthz", "/readyz", "/openapi.json", "/metrics", "/docs/"):
                service.answer("GET", path)
            yield at_most(f"resident memory, {kind.name}, idle", service.megabytes("VmRSS"), "MB", idle)
            load = Aside(invites, service, 64, 2 * bench.seconds)
            load.start()
            highest = 0
            while load.is_alive():
                load.join(0.1)
                highest = max(highest, service.megabytes("VmRSS"))
            if isinstance(load.outcome, SystemExit):
                raise load.outcome
            yield at_most(
                f"resident memory, {kind.name}, under 64 clients' invites, courier at work", service.megabytes("VmHWM"), "MB", 120
            )
