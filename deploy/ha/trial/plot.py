"""A plot as SVG: a panel for each scenario, acknowledgements per second over time, and when something was done."""

import math
from collections import Counter
from html import escape

# Of the whole: between panels' corners, and before the first one. Then of a panel's axes.
COLUMNS, COLUMN, ROW, LEFT, TOP = 2, 470, 160, 56, 76
WIDTH, HEIGHT = 400, 84
# The width of a bar in seconds.
SLICE = 0.5

STYLE = """
svg { background: #ffffff; font: 10.5px system-ui, sans-serif }
text { fill: #1f2328 } .tick, .axis { fill: #59636e; font-size: 9.5px } .grid { stroke: #d1d9e0 }
.paper { fill: #ffffff } .title { font-size: 15px; font-weight: 600 } .bars { fill: #0969da }
.mark { stroke: #bc4c00; stroke-dasharray: 3 2 } text.mark { fill: #bc4c00; stroke: none; font-size: 9.5px }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117 } text { fill: #f0f6fc } .tick, .axis { fill: #9198a1 } .grid { stroke: #3d444d }
.paper { fill: #0d1117 } .bars { fill: #4493f8 } .mark { stroke: #f0883e } text.mark { fill: #f0883e }
}"""


def plot(title, panels):
    """`panels` has a name and a ledger each."""
    rows = math.ceil(len(panels) / COLUMNS)
    width, height = LEFT + COLUMNS * COLUMN, TOP + rows * ROW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>", f"<style>{STYLE}\n</style>", f'<rect class="paper" width="{width}" height="{height}"/>',
        text(20, 26, title, "title"),
        text(20, 46, "per second, by 16 clients that wait a tenth of a second after each answer; time in seconds", "axis"),
    ]
    for number, (name, ledger) in enumerate(panels):
        row, column = divmod(number, COLUMNS)
        parts += panel((LEFT + column * COLUMN, TOP + row * ROW), name, ledger)
    return "\n".join([*parts, "</svg>", ""])


def panel(corner, name, ledger):
    times, origin = sorted(when for when in ledger.times if when <= ledger.end), ledger.marks[0][0] if ledger.marks else 0
    if not times:
        return
    first, last = times[0] - origin, times[-1] - origin
    slices = Counter(math.floor((when - origin - first) / SLICE) for when in times)
    # The last slice is not over, and says nothing.
    slices.pop(max(slices))
    most = max(slices.values(), default=1) / SLICE
    top = 50 * math.ceil(most / 50)

    def x(seconds):
        return WIDTH * (seconds - first) / max(last - first, 1)

    yield f'<g transform="translate({corner[0]} {corner[1]})">'
    yield text(0, 0, f"{name}: longest gap {ledger.gap:.1f} s")
    yield '<g transform="translate(0 22)">'
    for value in 0, top / 2, top:
        at = HEIGHT * (1 - value / top)
        yield f'<path class="grid" d="M0 {at:.1f}H{WIDTH}"/>'
        yield text(-5, at + 3, f"{value:g}", "tick", "end")
    bars = (
        f"M{x(first + number * SLICE):.1f} {HEIGHT}V{HEIGHT * (1 - count / SLICE / top):.1f}"
        f"h{x(first + SLICE):.2f}V{HEIGHT}z"
        for number, count in sorted(slices.items())
    )
    yield f'<path class="bars" d="{"".join(bars)}"/>'
    step = next(step for step in (5, 10, 20, 50, 100, 1000) if (last - first) / step <= 10)
    for seconds in range(math.ceil(first / step) * step, math.floor(last) + 1, step):
        yield text(x(seconds), HEIGHT + 13, str(seconds), "tick", "middle")
    for number, (when, words) in enumerate(ledger.marks[1:]):
        at = x(when - origin)
        yield f'<path class="mark" d="M{at:.1f} -10V{HEIGHT}"/>'
        # Neighbours are not on one line.
        yield text(at + 3, 8 if number % 2 else -4, words, "mark")
    yield "</g></g>"


def text(x, y, words, kind="", anchor="start"):
    kind = f' class="{kind}"' if kind else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
