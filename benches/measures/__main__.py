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
import courier
import machine
import memory
import plans
import provider_tokens
import reads
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
}


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
    names = [name for name in os.environ.get("BENCH_ONLY", "").split(",") if name] or list(MEASURES)
    if unknown := [name for name in names if name not in MEASURES]:
        raise SystemExit(f"bench: BENCH_ONLY knows no {', '.join(unknown)}; it knows {', '.join(MEASURES)}")
    return names


def main():
    names = chosen()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(folder)
        lines = [machine.describe(bench), "", HEAD]
        print("\n".join(lines), flush=True)
        for name in names:
            for row in MEASURES[name](bench):
                lines.append(str(row))
                print(row, flush=True)
    print(f"\nTaken in {time.monotonic() - began:.0f} s.", file=sys.stderr)
    if page := os.environ.get("BENCH_WRITE"):
        if len(names) < len(MEASURES):
            raise SystemExit("bench: BENCH_WRITE wants every measure")
        machine.write(Path(page), "\n".join(lines))


main()
