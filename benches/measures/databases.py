"""Databases to measure on, each new and migrated; and the rows to fill one with."""

import itertools
import os
import re
import sqlite3

from programs import BENCHES, PGBIN, SERVICE, output

ROWS = 100_000
_numbers = itertools.count(1)


def _filling(at):
    sql = re.sub(r"^--.*\n", "", (BENCHES / "sql/fill.sql").read_text(), flags=re.MULTILINE)
    return re.sub(r"AT\(([^()]*)\)", lambda seconds: at(seconds[1]), sql.replace("ROWS", str(ROWS)))


class Postgres:
    """A database of the throw-away cluster."""

    name = "PostgreSQL"

    def __init__(self, folder):
        self.folder = folder
        self.database = f"bench_{next(_numbers)}"
        self.server = os.environ["TEST_POSTGRES_URL"].rsplit("/", 1)[0]
        self.url = f"{self.server}/{self.database}"
        output(PGBIN / "psql", "-qX", f"{self.server}/postgres", "-c", f"CREATE DATABASE {self.database}")
        output(SERVICE, "migrate", DATABASE_URL=self.url)

    def query(self, sql):
        """The rows of an answer, each a list of texts."""
        text = output(PGBIN / "psql", "-qXAt", "-v", "ON_ERROR_STOP=1", self.url, stdin=sql)
        return [line.split("|") for line in text.splitlines()]

    def fill(self):
        self.query(_filling(lambda seconds: f"(now() + ({seconds}) * interval '1 second')"))
        self.query("VACUUM (ANALYZE); CHECKPOINT")
        return self

    def pgbench(self, script, clients, seconds, **variables):
        """Transactions a second by one of the scripts in ../sql, prepared."""
        # Fixed width, so that ids sort as they are made; another range at every run.
        numbers = {"n": 0, "base": 10**12 + next(_numbers) * 10**10, **variables}
        defined = [part for name, value in numbers.items() for part in ("-D", f"{name}={value}")]
        text = output(
            PGBIN / "pgbench", "-n", "-M", "prepared", "-c", clients, "-j", min(clients, 2), "-T", seconds, *defined,
            "-f", BENCHES / f"sql/{script}.sql", self.url,
        )
        failed = re.search(r"failed transactions: (\d+)", text)
        if failed and failed[1] != "0":
            raise SystemExit(f"bench: pgbench failed\n{text}")
        return float(re.search(r"tps = ([\d.]+) \(without", text)[1])


class Sqlite:
    """A file. The service opens it with WAL and synchronous=FULL."""

    name = "SQLite"

    def __init__(self, folder):
        self.folder = folder
        self.path = f"{folder}/bench_{next(_numbers)}.db"
        self.url = f"sqlite://{self.path}"
        output(SERVICE, "migrate", DATABASE_URL=self.url)

    def query(self, sql):
        connection = sqlite3.connect(self.path)
        try:
            return [list(map(str, row)) for row in connection.execute(sql)]
        finally:
            connection.close()

    def fill(self):
        connection = sqlite3.connect(self.path)
        connection.executescript(_filling(lambda seconds: f"strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ({seconds}) || ' seconds')"))
        connection.executescript("PRAGMA wal_checkpoint(TRUNCATE);")
        connection.close()
        return self
