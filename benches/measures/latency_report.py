"""Tables and plots of the times of answers at several sizes of the database."""

from statistics import median

from svg_plot import plot

# p99 with the most people ÷ p99 with the fewest.
MOST = 1.5


def percentile(times, share):
    """The smallest time that this share of all times does not exceed."""
    ordered = sorted(times)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


class Latencies:
    """Of one endpoint: for each size the times of each turn, in seconds."""

    def __init__(self, name, turns):
        self.group, self.name = name.split(": ", 1)
        self.turns = turns
        together = [[time for turn in at_size for time in turn] for at_size in turns]
        self.p50, self.p99 = ([1000 * percentile(times, share) for times in together] for share in (0.5, 0.99))

    def ratios(self):
        """Of p99 in each turn, the smallest first: sizes that are measured one after the other meet the same machine."""
        pairs = zip(self.turns[-1], self.turns[0])
        return sorted(percentile(largest, 0.99) / percentile(smallest, 0.99) for largest, smallest in pairs)

    def row(self):
        cells = [f"{p50:.2f} / {p99:.2f}" for p50, p99 in zip(self.p50, self.p99)]
        if len(self.turns) == 1:
            return f"| {self.group}: {self.name} | {cells[0]} |  |  |"
        ratios = self.ratios()
        verdict = "yes" if median(ratios) <= MOST else "no"
        ratio = f"{median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"
        return f"| {self.group}: {self.name} | {' | '.join(cells)} | {ratio} | {verdict} |"


def head(database, sizes):
    columns = [f"{size:,} people" for size in sizes]
    return (
        f"| {database}: p50 / p99, ms | {' | '.join(columns)} | p99, last ÷ first (lowest–highest) | reached (≤ {MOST}) |\n"
        f"|---|{'---|' * len(columns)}---|---|"
    )


def summary(database, latencies):
    """A line for people, of an endpoint's ratios."""
    ratios = [median(one.ratios()) for one in latencies]
    reached = sum(ratio <= MOST for ratio in ratios)
    return f"{database}: {reached} of {len(ratios)} are at most {MOST}; the median is {median(ratios):.2f}."


def svg(database, sizes, latencies):
    groups = {}
    for one in latencies:
        groups.setdefault(one.group, []).append((one.name, one.p50, one.p99))
    return plot(f"Times of answers, {database}", sizes, groups)
