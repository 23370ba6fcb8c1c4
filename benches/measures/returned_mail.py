"""Reading returned mail, beside hashing the same messages with SHA-256."""

from programs import yardstick
from table import at_most, beside

LEAST = 2000


def returned_mail(bench):
    rates, memory = [], []

    def read():
        rate, megabytes = map(float, yardstick("returned-mail-rate", bench.seconds).split())
        rates.append(rate)
        memory.append(megabytes)
        return rate

    row = beside(
        "returned messages with a letter of 7,600 bytes, read by one thread; beside SHA-256 of them",
        bench.rounds,
        read,
        lambda: float(yardstick("digest-rate", bench.seconds)),
        "/s",
    )
    row.wanted, row.reached = f"≥ {LEAST:,} /s", "yes" if min(rates) >= LEAST else "no"
    yield row
    yield at_most("highest resident memory while reading them", max(memory), "MB", 40)
