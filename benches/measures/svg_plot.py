"""A plot as SVG: a panel for each endpoint, its p50 and p99 by the size of the database, both axes logarithmic."""

import math
from html import escape

COLUMNS = 5
# Of the whole: between panels' corners, before the first one, and for the name of a group. Then of a panel's axes.
COLUMN, ROW, LEFT, TOP, HEADING = 200, 132, 56, 74, 26
WIDTH, HEIGHT = 152, 80

STYLE = """
svg { background: #ffffff; font: 10.5px system-ui, sans-serif }
text { fill: #1f2328 } .tick, .axis { fill: #59636e; font-size: 9.5px } .grid { stroke: #d1d9e0 }
.paper { fill: #ffffff } .title { font-size: 15px; font-weight: 600 } .group { font-size: 13px; font-weight: 600 }
.p50, .p99 { fill: none; stroke-width: 1.8 } .p50 { stroke: #0969da; stroke-dasharray: 4 3 } .p99 { stroke: #bc4c00 }
circle.p50, text.p50 { fill: #0969da; stroke: none } circle.p99, text.p99 { fill: #bc4c00; stroke: none }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117 } text { fill: #f0f6fc } .tick, .axis { fill: #9198a1 } .grid { stroke: #3d444d }
.paper { fill: #0d1117 }
.p50 { stroke: #4493f8 } .p99 { stroke: #f0883e }
circle.p50, text.p50 { fill: #4493f8 } circle.p99, text.p99 { fill: #f0883e }
}"""


def plot(title, sizes, groups):
    """`groups` has for each group's name its panels: a name, and milliseconds of p50 and of p99 at each size."""
    values = [value for panels in groups.values() for _, *lines in panels for line in lines for value in line]
    scale = Scale(sizes, values)
    parts, top = [], TOP
    for group, panels in groups.items():
        parts.append(text(LEFT - 36, top + 4, group, "group"))
        top += HEADING
        for number, (name, p50, p99) in enumerate(panels):
            row, column = divmod(number, COLUMNS)
            corner = LEFT + column * COLUMN, top + row * ROW
            parts += scale.panel(corner, name, {"p50": p50, "p99": p99}, column == 0)
        top += math.ceil(len(panels) / COLUMNS) * ROW
        parts.append(text(LEFT, top - 6, "people in the database", "axis"))
        top += HEADING
    width = LEFT + COLUMNS * COLUMN
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" height="{top}" role="img">',
        f"<title>{escape(title)}</title>", f"<style>{STYLE}\n</style>", f'<rect class="paper" width="{width}" height="{top}"/>',
        text(LEFT - 36, 26, title, "title"), text(LEFT - 36, 46, "p50, dashed", "p50"), text(LEFT + 44, 46, "p99", "p99"),
        text(LEFT + 84, 46, "from the time at which a request was due until its answer; both axes are logarithmic", "axis"),
    ]
    return "\n".join([*head, *parts, "</svg>", ""])


class Scale:
    """The same axes for all panels, so that heights compare."""

    def __init__(self, sizes, values):
        self.sizes = sizes
        self.low, self.high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        self.high = max(self.high, self.low + 1)

    def x(self, size):
        """In the middle, if there is but one size."""
        first, last = math.log10(self.sizes[0]), math.log10(self.sizes[-1])
        return WIDTH / 2 if first == last else 8 + (WIDTH - 16) * (math.log10(size) - first) / (last - first)

    def y(self, value):
        return HEIGHT * (self.high - math.log10(value)) / (self.high - self.low)

    def panel(self, corner, name, lines, is_first):
        yield f'<g transform="translate({corner[0]} {corner[1]})">'
        yield text(0, 4, name)
        yield '<g transform="translate(0 12)">'
        for power in range(self.low, self.high + 1):
            at = self.y(10**power)
            yield f'<path class="grid" d="M0 {at:.1f}H{WIDTH}"/>'
            if is_first:
                yield text(-5, at + 3, f"{10**power:,g}", "tick", "end")
        if is_first:
            yield text(-30, HEIGHT / 2 + 3, "ms", "axis", "middle")
        for size in self.sizes:
            yield text(self.x(size), HEIGHT + 14, short(size), "tick", "middle")
        for kind, values in lines.items():
            points = [(self.x(size), self.y(value)) for size, value in zip(self.sizes, values)]
            yield f'<path class="{kind}" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in points)}"/>'
            yield from (f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="2.6"/>' for x, y in points)
        yield "</g></g>"


def text(x, y, words, kind="", anchor="start"):
    kind = f' class="{kind}"' if kind else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def short(size):
    """As 10k, 1M."""
    for unit, letter in ((10**6, "M"), (10**3, "k")):
        if size >= unit:
            return f"{size / unit:g}{letter}"
    return str(size)
