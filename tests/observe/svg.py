"""Draws panels of a dashboard as SVG: numbers, lines, areas and bars."""

import math
from datetime import UTC, datetime
from html import escape

CELL, LINE, GAP = 58, 30, 8
COLOURS = ["#3f7f4f", "#b8860b", "#2f6db5", "#c4442f", "#7d4fa3", "#4a9ba8", "#8a6d3b", "#666666", "#b03a7a"]
NAMED = {"text": "#24292f", "blue": "#2f6db5", "red": "#c4442f", "purple": "#7d4fa3", "green": "#3f7f4f"}
NAMED["orange"] = "#c77700"


def legend_name(form, labels):
    """The name of a series, as its legend has it."""
    for name, value in labels.items():
        form = form.replace("{{" + name + "}}", value)
    return "" if form == "__auto" else form


def shown(value, unit, mappings=()):
    """A number as people read it."""
    for mapping in mappings:
        known = mapping["options"].get(f"{value:g}")
        if known:
            return known["text"]
    if math.isnan(value):
        return "no data"
    if unit == "percentunit":
        return f"{value * 100:.0f} %"
    if unit == "bytes":
        return f"{value / 2**30:.1f} GiB"
    if unit == "s":
        for size, name in [(86_400, "days"), (3_600, "hours"), (60, "min"), (1, "s")]:
            if value >= size:
                return f"{value / size:.1f} {name}"
        return f"{value * 1000:.0f} ms" if value else "0 s"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2f}"


class Drawing:
    """A dashboard under way."""

    def __init__(self, dashboard, period):
        self.period, self.parts = period, []
        bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
        self.width, self.height = 24 * CELL + GAP, bottom * LINE + 2 * GAP + 34
        self.text(GAP, 26, dashboard["title"], 18, weight="bold")
        first, last = (datetime.fromtimestamp(time, UTC) for time in period)
        self.text(self.width - GAP, 26, f"{first:%d %B %H:%M} to {last:%d %B %H:%M} UTC", 13, anchor="end")

    def text(self, x, y, text, size=12, colour="#24292f", anchor="start", weight="normal"):
        self.parts.append(
            f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"'
            f' font-weight="{weight}">{escape(text)}</text>'
        )

    def box(self, panel):
        """The place of a panel: left, top, width and height."""
        at = panel["gridPos"]
        return at["x"] * CELL + GAP, at["y"] * LINE + 42, at["w"] * CELL - GAP, at["h"] * LINE - GAP

    def row(self, panel):
        left, top, _, height = self.box(panel)
        self.text(left, top + height - 4, panel["title"], 14, weight="bold")

    def panel(self, panel, results):
        left, top, width, height = self.box(panel)
        self.parts.append(
            f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="#ffffff" stroke="#d0d7de"/>'
        )
        self.text(left + 8, top + 17, panel["title"], 12, weight="bold")
        inner = (left + 8, top + 26, width - 16, height - 34)
        {"stat": self.stat, "timeseries": self.lines, "bargauge": self.bars}[panel["type"]](panel, results, inner)

    def stat(self, panel, results, inner):
        left, top, width, height = inner
        defaults = panel["fieldConfig"]["defaults"]
        for number, (name, numbers) in enumerate(results):
            value = numbers[-1][1]
            colour = NAMED.get(defaults["color"].get("fixedColor"), NAMED["text"])
            for step in defaults.get("thresholds", {}).get("steps", []):
                if step["value"] is None or value >= step["value"]:
                    colour = NAMED[step["color"]]
            middle = left + width * (number + 0.5) / len(results)
            text = shown(value, defaults["unit"], defaults.get("mappings", ()))
            self.text(middle, top + height * 0.62, text, 30, colour, "middle", "bold")
            self.text(middle, top + height, name, 12, "#57606a", "middle")

    def bars(self, panel, results, inner):
        left, top, width, height = inner
        defaults = panel["fieldConfig"]["defaults"]
        most = defaults.get("max") or max(numbers[-1][1] for _, numbers in results) or 1
        each = height / len(results)
        for number, (name, numbers) in enumerate(results):
            value, y = numbers[-1][1], top + each * number
            full = width - 170
            self.text(left, y + each * 0.65, name)
            for share, colour in [(1, "#eef1f4"), (value / most, NAMED["blue"])]:
                self.parts.append(
                    f'<rect x="{left + 90}" y="{y + 3:.1f}" width="{full * share:.1f}" height="{each - 6:.1f}"'
                    f' fill="{colour}"/>'
                )
            self.text(left + width, y + each * 0.65, shown(value, defaults["unit"]), anchor="end")

    def lines(self, panel, results, inner):
        left, top, width, height = inner
        defaults, plot = panel["fieldConfig"]["defaults"], (left + 44, top + 8, width - 88, height - 52)
        fixed = {one["matcher"]["options"]: one["properties"] for one in panel["fieldConfig"]["overrides"]}
        stacked = defaults["custom"]["stacking"]["mode"] == "normal"
        right = {name for name, ways in fixed.items() if any(way["id"] == "custom.axisPlacement" for way in ways)}
        base, areas, tops = {}, [], {False: 0, True: 0}
        for number, (name, numbers) in enumerate(results):
            values = [(at, value + (base.get(at, 0) if stacked else 0)) for at, value in numbers if value == value]
            lower = [(at, base.get(at, 0)) for at, _ in values]
            base.update(values if stacked else ())
            colour = COLOURS[number % len(COLOURS)]
            for way in fixed.get(name, ()):
                if way["id"] == "color":
                    colour = NAMED[way["value"]["fixedColor"]]
            tops[name in right] = max([tops[name in right], *(value for _, value in values)])
            areas.append((name, values, lower, colour))
        unit = {False: defaults["unit"], True: "s" if right else defaults["unit"]}
        self.axes(plot, tops, unit, bool(right))
        for name, values, lower, colour in areas:
            place = lambda point: self.place(plot, point, tops[name in right] or 1)
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, values))
            if stacked:
                back = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, reversed(lower)))
                self.parts.append(f'<polygon points="{path} {back}" fill="{colour}" fill-opacity="0.3"/>')
            self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.4"/>')
        x = left
        for name, _, _, colour in areas:
            self.parts.append(f'<rect x="{x}" y="{top + height - 9}" width="12" height="4" fill="{colour}"/>')
            self.text(x + 16, top + height - 3, name, 11)
            x += 30 + 6.2 * len(name)

    def place(self, plot, point, most):
        left, top, width, height = plot
        first, last = self.period
        return left + (point[0] - first) / (last - first) * width, top + height - point[1] / most * height

    def axes(self, plot, tops, unit, has_right):
        left, top, width, height = plot
        for share in (0, 0.5, 1):
            y = top + height * (1 - share)
            self.parts.append(f'<path d="M{left} {y:.1f}h{width}" stroke="#e4e8ec"/>')
            self.text(left - 4, y + 4, shown(tops[False] * share, unit[False]), 10, "#57606a", "end")
            if has_right:
                self.text(left + width + 4, y + 4, shown(tops[True] * share, unit[True]), 10, "#57606a")
        for hours in range(0, 25, 6):
            time = self.period[0] + hours * 3_600
            x, _ = self.place(plot, (time, 0), 1)
            self.text(x, top + height + 15, f"{datetime.fromtimestamp(time, UTC):%H:%M}", 10, "#57606a", "middle")

    def finish(self):
        """The whole picture."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}"'
            ' font-family="Helvetica, Arial, sans-serif">\n'
            f'<rect width="{self.width}" height="{self.height}" fill="#f6f8fa"/>\n' + "\n".join(self.parts) + "\n</svg>\n"
        )
