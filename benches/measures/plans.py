"""Single invites into tables that were vacuumed and analysed while they were empty, beside untouched ones."""

from courier import Sink
from databases import Postgres
from load import invites
from service import Service
from table import beside

# Plans that read whole tables cost more as these grow.
LONGER = 4


def postgres(bench):
    with Sink() as sink:
        yield beside(
            "single invites, PostgreSQL, 16 clients, courier at work, tables vacuumed while empty; beside untouched ones",
            bench.rounds,
            lambda: in_new_tables(bench, sink, "VACUUM (ANALYZE)"),
            lambda: in_new_tables(bench, sink, "SELECT 1"),
            "/s", 0.9,
        )


def in_new_tables(bench, sink, before):
    database = Postgres(bench.folder)
    # The server must not analyse a table at a moment of its own choice.
    for [table] in database.query("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"):
        database.query(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    database.query(before)
    with Service(database, "serve", MAIL_URL=f"smtp://127.0.0.1:{sink.port}?tls=none") as service:
        return invites(service, 16, LONGER * bench.seconds)
