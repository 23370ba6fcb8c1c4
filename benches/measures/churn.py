"""A long mixed load on a seeded database: by how much tables and indexes grow beyond their rows."""

import os
import random
import threading
import time

from courier import Sink
from databases import Postgres
from mixed_load import REPORTS_SECRET, Worker
from scale import seed
from service import Service
from table import Row, at_most

USERS, SECONDS, WORKERS = 100_000, 3600, 8
# The share of a table's or an index's size that may be more than its rows had before.
MOST = 0.30
# What is smaller than this has a few pages, and no meaning.
SMALLEST = 8 << 20
# How often the service is started anew: it sweeps at its start, and hourly.
PERIODS = 6

SIZES = """
    SELECT c.relname, t.relname, pg_relation_size(c.oid) FROM pg_class c
        LEFT JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_class t ON t.oid = coalesce(i.indrelid, c.oid)
    WHERE c.relkind IN ('r', 'i') AND c.relnamespace = 'public'::regnamespace
"""
SLOWEST = """
    SELECT calls, round(total_exec_time), round((total_exec_time / calls)::numeric, 3),
        replace(left(regexp_replace(query, '\\s+', ' ', 'g'), 110), '|', '¦')
    FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 10
"""


def postgres(bench):
    users = int(os.environ.get("CHURN_USERS") or USERS)
    seconds = int(os.environ.get("CHURN_SECONDS") or SECONDS)
    database = Postgres(bench.folder)
    seed(database, users)
    database.query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    before = sizes(database)
    database.query("SELECT pg_stat_statements_reset()")
    done = churn(database, seconds)
    slowest = database.query(SLOWEST)
    # What a few more minutes of autovacuum do: entries of rows that are gone can be used again.
    database.query("VACUUM (ANALYZE)")
    after = sizes(database)
    operations = ", ".join(f"{count:,} {name}" for name, count in sorted(done.items()))
    yield at_most(f"mixed load of {seconds} s on {users:,} people, PostgreSQL: {operations}", sum(done.values()) / seconds, "operations/s")
    growths = sorted(((growth(before[name], size), name) for name, size in after.items() if size[0] >= SMALLEST), reverse=True)
    for share, name in growths[:5]:
        size = f"{before[name][0] / 1e6:.0f} → {after[name][0] / 1e6:.0f} MB"
        rows = f"{before[name][1]:,} → {after[name][1]:,} rows"
        yield Row(f"growth of {name} beyond its rows", size, rows, f"{share:+.0%}", f"≤ {MOST:.0%}", "yes" if share <= MOST else "no")
    for calls, total, mean, query in slowest:
        yield Row(f"statement: `{query}`", f"{int(calls):,} calls", f"{float(total) / 1000:.1f} s in all", f"{mean} ms each")


def growth(before, after):
    """By which share a size has grown more than the rows that it is for."""
    (old, old_rows), (new, rows) = before, after
    return (new / max(rows, 1)) / (old / max(old_rows, 1)) - 1


def sizes(database):
    """The size of each table and index in bytes, and the number of rows of its table."""
    found = database.query(SIZES)
    rows = {table: int(database.query(f"SELECT count(*) FROM {table}")[0][0]) for table in {row[1] for row in found}}
    return {name: (int(size), rows[table]) for name, table, size in found}


def churn(database, seconds):
    """The load. The service is started anew meanwhile, so that it sweeps."""
    done = {}
    with Sink() as sink:
        settings = {"RATE_LIMITS": "off", "RESEND_COOLDOWN": "0s", "MAIL_EVENTS_POSTMARK": REPORTS_SECRET}
        for period in range(PERIODS):
            with Service(database, "serve", MAIL_URL=f"smtp://127.0.0.1:{sink.port}?tls=none", **settings) as service:
                stop = threading.Event()
                workers = [Worker(service, database, random.Random(period * WORKERS + n), stop) for n in range(WORKERS)]
                for worker in workers:
                    worker.start()
                time.sleep(seconds / PERIODS)
                stop.set()
                for worker in workers:
                    worker.join()
                    if worker.fault:
                        raise SystemExit(f"bench: {worker.fault}")
                    for name, count in worker.done.items():
                        done[name] = done.get(name, 0) + count
    return done
