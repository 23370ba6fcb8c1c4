"""The table, the numbers and the plot of a trial."""

import json

from . import checks, plot

HEAD = (
    "| scenario | acknowledged | lost | without a letter | letters twice | longest gap, s | allowed | longest request, s "
    f"| answers 503 | answers {checks.KNOWN} | as it has to be |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


def row(outcome):
    ledger = outcome.ledger
    cells = (
        outcome.scenario.title, f"{len(ledger.ids):,}", len(outcome.lost), len(outcome.without_letter), len(outcome.twice),
        f"{ledger.gap:.2f}", f"{outcome.scenario.limit:g}", f"{ledger.longest:.1f}", ledger.answers["503"],
        ledger.answers[checks.KNOWN], "; ".join(outcome.faults[:3]) or "yes",
    )
    return f"| {' | '.join(map(str, cells))} |"


def write(folder, outcomes):
    """`ha.md`, `ha.svg`, and `ha.json` with all that was counted, in this folder."""
    (folder / "ha.md").write_text("\n".join([HEAD, *map(row, outcomes.values()), ""]))
    (folder / "ha.svg").write_text(plot.plot("Acknowledged invitations while something breaks", [
        (outcome.scenario.title.replace("`", ""), outcome.ledger) for outcome in outcomes.values()
    ]))
    numbers = {
        name: {
            "acknowledged": len(outcome.ledger.ids), "lost": outcome.lost, "without_letter": outcome.without_letter,
            "twice": outcome.twice, "gap": outcome.ledger.gap, "longest": outcome.ledger.longest,
            "answers": outcome.ledger.answers, "faults": outcome.faults,
        }
        for name, outcome in outcomes.items()
    }
    (folder / "ha.json").write_text(json.dumps(numbers, indent=1))
