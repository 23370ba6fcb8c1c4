"""Makes the database of release 0.1.0, with people in it: a SQLite file, or an empty database of PostgreSQL.

    python3 tests/package/release.py sqlite:///FILE
    PGBIN=… python3 tests/package/release.py postgres://…
"""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# The last migration of the release; those after it have never been in one.
LAST = "2026-11-28-000009_searched_text"
# The table in which diesel lists migrations that have run.
LIST = """CREATE TABLE __diesel_schema_migrations (
    version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);"""


def statements(database: str) -> list[str]:
    """The scripts, each to be run in a transaction of its own."""
    folders = sorted((REPOSITORY / "migrations" / database).iterdir())
    scripts = [LIST]
    for folder in (folder for folder in folders if folder.name <= LAST):
        version = folder.name.split("_")[0].replace("-", "")
        listed = f"INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}');"
        scripts.append((folder / "up.sql").read_text() + listed)
    scripts.append((REPOSITORY / "tests/cases/release-0.1.0.sql").read_text())
    return scripts


def make_sqlite(file: str) -> None:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA foreign_keys = ON")
    for script in statements("sqlite"):
        connection.executescript(f"BEGIN; {script} COMMIT;")
    connection.close()


def make_postgres(url: str) -> None:
    psql = Path(os.environ.get("PGBIN", ""), "psql")
    command = [psql, "--no-psqlrc", "--quiet", "--single-transaction", "--set", "ON_ERROR_STOP=1", url]
    for script in statements("postgres"):
        subprocess.run(command, input=script, text=True, check=True)


if __name__ == "__main__":
    if sys.argv[1].startswith("sqlite://"):
        make_sqlite(sys.argv[1].removeprefix("sqlite://"))
    else:
        make_postgres(sys.argv[1])
