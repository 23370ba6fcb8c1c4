"""The table: what was measured, beside what, and whether that is enough."""

from dataclasses import dataclass
from statistics import median

HEAD = "| measure | ours | reference | ratio (lowest–highest) | wanted | reached |\n|---|---|---|---|---|---|"


@dataclass
class Row:
    measure: str
    ours: str
    reference: str = ""
    ratio: str = ""
    wanted: str = ""
    reached: str = ""

    def __str__(self):
        return f"| {self.measure} | {self.ours} | {self.reference} | {self.ratio} | {self.wanted} | {self.reached} |"


def rate(number):
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"


def absent(measure, why):
    return Row(measure, why, reached="not measured")


def at_most(measure, value, unit, most=None):
    """A figure that stands alone."""
    if most is None:
        return Row(measure, f"{value:.0f} {unit}")
    return Row(measure, f"{value:.0f} {unit}", wanted=f"≤ {most} {unit}", reached="yes" if value <= most else "no")


def beside(measure, rounds, ours, reference, unit, wanted=None):
    """Ours and the reference in turns: whatever else the machine does meets both, and the ratio of each round is kept."""
    pairs = []
    for number in range(rounds):
        first, second = (ours, reference) if number % 2 == 0 else (reference, ours)
        figures = first(), second()
        pairs.append(figures if number % 2 == 0 else figures[::-1])
    ratios = sorted(mine / theirs for mine, theirs in pairs)
    ratio = median(ratios)
    row = Row(
        measure,
        f"{rate(median(mine for mine, _ in pairs))} {unit}",
        f"{rate(median(theirs for _, theirs in pairs))} {unit}",
        f"{ratio:.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})",
    )
    if wanted is not None:
        row.wanted, row.reached = f"≥ {wanted}", "yes" if ratio >= wanted else "no"
    return row
