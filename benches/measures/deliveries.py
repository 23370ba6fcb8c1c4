"""`GET /v1/delivery` with a million letters of one week: for the first time, and again."""

import random
import sqlite3
import time
from datetime import datetime, timedelta, timezone

from databases import ROWS, Postgres, Sqlite
from programs import PGBIN, output
from service import Service
from table import Row, at_most

LETTERS = 1_000_000
LETTERS_OF_IDS = "0123456789abcdefghjkmnpqrstvwxyz"
COLUMNS = "id, invitation_id, kind, generation, state, attempts, next_attempt_at, created_at, sent_at, recipient, relay, fate, fate_at"
# What was reported of letters, about as often as it is.
REPORTS = [None] * 10 + ["delivered"] * 80 + ["bounced"] * 6 + ["deferred"] * 3 + ["complained"]
DOMAINS = ["gmail.example", "outlook.example", "web.example"] * 20 + [f"company{n}.example" for n in range(400)]


def postgres(bench):
    yield from deliveries(bench, Postgres)


def sqlite(bench):
    yield from deliveries(bench, Sqlite)


def deliveries(bench, kind):
    database = kind(bench.folder).fill()
    (insert_postgres if kind is Postgres else insert_sqlite)(database)
    with Service(database, "serve", "--no-courier", RATE_LIMITS="off") as service:
        yield Row(
            f"deliveries in one look, {kind.name}, {LETTERS:,} letters of a week, for the first time", f"{answered(service):.1f} s"
        )
        yield at_most(f"deliveries in one look, {kind.name}, {LETTERS:,} letters of a week, again", answered(service) * 1000, "ms", 500)


def answered(service):
    """The seconds until the overview was there."""
    began = time.perf_counter()
    while (status := service.answer("GET", "/v1/delivery")[0]) == 503:
        pass
    if status != 200:
        raise SystemExit(f"bench: GET /v1/delivery answered {status}")
    return time.perf_counter() - began


def letter_id(at, draw):
    """A TypeID of a UUIDv7 of this time."""
    number = (int(at.timestamp() * 1000) << 80) | (7 << 76) | (draw.getrandbits(12) << 64) | (2 << 62) | draw.getrandbits(62)
    return "ltr_" + "".join(LETTERS_OF_IDS[(number >> shift) & 31] for shift in range(125, -1, -5))


def rows():
    draw, now = random.Random(7), datetime.now(timezone.utc)
    for number in range(LETTERS):
        at = now - timedelta(days=7) * (number / LETTERS)
        text = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
        report = draw.choice(REPORTS)
        yield (
            letter_id(at, draw), f"inv_01k0000000e008{10**11 + number % ROWS + 1}", "invitation", number // ROWS + 2, "sent", 1, text, text, text, f"person{number}@{draw.choice(DOMAINS)}",
            "smtp://relay.example:587", report, report and text,
        )


def insert_sqlite(database):
    connection = sqlite3.connect(database.path)
    places = ", ".join("?" * 13)
    connection.executemany(f"INSERT INTO letters ({COLUMNS}) VALUES ({places})", rows())
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def insert_postgres(database):
    lines = (",".join("" if value is None else str(value) for value in row) for row in rows())
    text = "\n".join([f"COPY letters ({COLUMNS}) FROM STDIN WITH (FORMAT csv);", *lines, "\\.", "VACUUM (ANALYZE) letters;", "CHECKPOINT;"])
    output(PGBIN / "psql", "-qX", "-v", "ON_ERROR_STOP=1", database.url, stdin=text)
