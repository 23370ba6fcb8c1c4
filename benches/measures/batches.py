"""Batches over HTTP, beside the same rows as one multi-row statement a table, in one transaction."""

from databases import Postgres
from load import wrk
from service import Service
from table import absent, beside

ONE = '{"invitations":[{"kind":"system_user","email":"one@example.com","roles":["viewer"]}]}'


def postgres(bench):
    ours, reference = Postgres(bench.folder), Postgres(bench.folder)
    with Service(ours) as service:
        status, _ = service.answer("POST", "/v1/invitations/batch", ONE)
        for size, wanted in ((100, None), (1000, 0.6)):
            measure = f"batches of {size:,}, PostgreSQL, 1 client; beside one multi-row statement a table"
            if status != 200:
                yield absent(measure, f"POST /v1/invitations/batch answers {status}")
                continue
            yield beside(
                measure,
                bench.rounds,
                lambda: size * wrk("batch", service.url, 1, bench.seconds, SIZE=str(size)),
                lambda: size * reference.pgbench("batch", 1, bench.seconds, size=size),
                "invitations/s", wanted,
            )
        if status == 200:
            all_made(ours)


def all_made(database):
    """An item may fail while the answer is 200: then there are people without an invitation."""
    [[users, invitations]] = database.query("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM invitations)")
    if users != invitations:
        raise SystemExit(f"bench: {users} users and {invitations} invitations after the batches")
