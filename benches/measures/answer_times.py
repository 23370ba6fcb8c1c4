"""Whether the time of an answer tells if an address has a user: requests for known and unknown addresses in turns."""

import http.client
import json
import random
import time

from databases import Postgres, Sqlite
from service import Service
from table import Row

# Of each side. Comparing a password takes long.
RESETS, SIGN_INS = 3000, 300
# The difference that chance alone exceeds once in 700 times.
DEVIATIONS = 3.2


def measured(bench, kind):
    database = bench.filled(kind)
    known = [row[0] for row in database.query(f"SELECT email FROM users WHERE status = 'active' ORDER BY id LIMIT {2 * RESETS}")]
    with Service(database, RATE_LIMITS="off") as service:
        yield compared("a reset", service, known, RESETS, "/v1/auth/password-reset", {}, 202, database.name)
        body = {"password": "seven green bicycles sing at midnight"}
        yield compared("a refused sign-in", service, known, SIGN_INS, "/v1/auth/token", body, 401, database.name)


def compared(name, service, known, times, path, body, expected, database):
    connection = http.client.HTTPConnection("127.0.0.1", service.port)

    def ask(email):
        text = json.dumps({"email": email, **body})
        began = time.perf_counter()
        connection.request("POST", path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != expected:
            raise SystemExit(f"bench: {path} answered {answer.status} instead of {expected}")
        return time.perf_counter() - began

    # Unknown addresses are beside those of other users: what the database has in memory depends on the place.
    beside, known = known[1 : 2 * times : 2], known[0 : 2 * times : 2]
    unknown = [email.replace("@", "x@", 1) for email in beside]
    for email in unknown[:50]:
        ask(f"w{email}")
    both = [(email, True) for email in known] + [(email, False) for email in unknown]
    random.shuffle(both)
    times_of = {True: [], False: []}
    for email, is_known in both:
        times_of[is_known].append(ask(email))
    connection.close()
    chance, error = longer(times_of[True], times_of[False])
    is_equal = abs(chance - 0.5) <= DEVIATIONS * error
    return Row(
        f"{name}, {database}: how often one for a user's address takes longer than one for another address",
        f"{chance:.3f}", "0.5, if the time tells nothing", f"{chance / 0.5:.2f}",
        f"0.5 ± {DEVIATIONS * error:.3f}", "yes" if is_equal else "no",
    )


def longer(ours, theirs):
    """The share of pairs whose first is longer, and its standard error if both have one distribution (Mann and Whitney)."""
    ranked = sorted([(value, 1) for value in ours] + [(value, 0) for value in theirs])
    ranks = sum(place for place, (_, is_ours) in enumerate(ranked, 1) if is_ours)
    n, m = len(ours), len(theirs)
    return (ranks - n * (n + 1) / 2) / (n * m), ((n + m + 1) / (12 * n * m)) ** 0.5


def postgres(bench):
    return measured(bench, Postgres)


def sqlite(bench):
    return measured(bench, Sqlite)
