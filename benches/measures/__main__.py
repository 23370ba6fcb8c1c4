"""Takes every measure in turn and prints the table; see ../run."""

import os
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import activations
import answer_times
import batches
import churn
import courier
import deliveries
import machine
import memory
import plans
import provider_tokens
import reads
import returned_mail
import scale
import single_invites
from table import HEAD

MEASURES = {
    "invites-postgres": single_invites.postgres,
    "invites-sqlite": single_invites.sqlite,
    "batches": batches.postgres,
    "reads-postgres": reads.postgres,
    "reads-sqlite": reads.sqlite,
    "provider-tokens-postgres": provider_tokens.postgres,
    "provider-tokens-sqlite": provider_tokens.sqlite,
    "answer-times-postgres": answer_times.postgres,
    "answer-times-sqlite": answer_times.sqlite,
    "activations": activations.postgres,
    "courier": courier.postgres,
    "plans": plans.postgres,
    "crowded": single_invites.crowded,
    "memory": memory.memory,
    "start": memory.start,
    "returned-mail": returned_mail.returned_mail,
    "deliveries-postgres": deliveries.postgres,
    "deliveries-sqlite": deliveries.sqlite,
}
# Each takes long, and is taken when it is named.
LONG = {"churn": churn.postgres}
SCALE = "scale"


class Bench:
    """What every measure is given."""

    def __init__(self, folder):
        self.folder = folder
        self.seconds = int(os.environ.get("BENCH_SECONDS") or 2)
        self.rounds = int(os.environ.get("BENCH_ROUNDS") or 3)

    @cache
    def filled(self, kind):
        """A database with 100,000 people in it, filled once."""
        return kind(self.folder).fill()


def chosen():
    """The measures of the table, and whether times are taken as the database grows."""
    only = [name for name in os.environ.get("BENCH_ONLY", "").split(",") if name]
    has_scale = bool(os.environ.get("SCALE"))
    if unknown := [name for name in only if name not in {**MEASURES, **LONG, SCALE: None}]:
        raise SystemExit(f"bench: BENCH_ONLY knows no {', '.join(unknown)}; it knows {', '.join([*MEASURES, *LONG, SCALE])}")
    if SCALE in only and not has_scale:
        raise SystemExit("bench: BENCH_ONLY=scale wants SCALE, as SCALE=1000000")
    names = [name for name in only if name != SCALE] if only else list(MEASURES)
    if names and len(names) < len(MEASURES) and os.environ.get("BENCH_WRITE"):
        raise SystemExit("bench: BENCH_WRITE wants every measure, or scale alone")
    return names, SCALE in only if only else has_scale


def table(bench, names):
    """Prints the table, and returns its text."""
    lines = [f"{machine.describe(bench)} {bench.rounds} rounds of {bench.seconds} s a side.", "", HEAD]
    print("\n".join(lines), flush=True)
    for name in names:
        for row in {**MEASURES, **LONG}[name](bench):
            lines.append(str(row))
            print(row, flush=True)
    return "\n".join(lines)


def main():
    names, with_scale = chosen()
    page = Path(os.environ["BENCH_WRITE"]) if os.environ.get("BENCH_WRITE") else None
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(folder)
        if names:
            text = table(bench, names)
            if page:
                machine.write(page, machine.TABLE, text)
        if with_scale:
            text, plots = scale.scale(bench)
            if page:
                scale.write(page, text, plots)
    print(f"\nTaken in {time.monotonic() - began:.0f} s.", file=sys.stderr)


main()
