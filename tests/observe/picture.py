"""Asks Prometheus for each expression of a dashboard, and draws the dashboard as Grafana lays it out.

Every target must give a number: one that gives none has a metric, a label or an operator that does not fit.
"""

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from sample import TIMES
from svg import Drawing, legend_name, shown

DAY = 86_400
NOW = TIMES[-1] - 8 * 3_600  # 16:00, after a working day
VARIABLES = {"$__range": "1d", "$__rate_interval": "20m", "$job": ".*"}


def get(url, path, **query):
    """The data of an answer of Prometheus."""
    with urllib.request.urlopen(f"{url}{path}?{urllib.parse.urlencode(query)}", timeout=30) as answer:
        return json.load(answer)["data"]["result"]


def wait_for(url):
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/-/ready", timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    sys.exit("Prometheus does not answer")


def ask(url, panel):
    """The results of a panel: name and numbers of each series; one number where it shows one."""
    found = []
    for target in panel["targets"]:
        query = target["expr"]
        for name, value in VARIABLES.items():
            query = query.replace(name, value)
        if target["instant"]:
            series = get(url, "/api/v1/query", query=query, time=NOW)
            results = [(one["metric"], [one["value"]]) for one in series]
        else:
            series = get(url, "/api/v1/query_range", query=query, start=NOW - DAY, end=NOW, step=1_200)
            results = [(one["metric"], one["values"]) for one in series]
        if not results:
            sys.exit(f"{panel['title']}: no number for {query}")
        for labels, values in results:
            numbers = [(float(at), float(value)) for at, value in values]
            found.append((legend_name(target["legendFormat"], labels), numbers))
    return found


def main(url, path, picture):
    with open(path, encoding="utf-8") as file:
        dashboard = json.load(file)
    wait_for(url)
    drawing = Drawing(dashboard, (NOW - DAY, NOW))
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            drawing.row(panel)
            continue
        results = ask(url, panel)
        drawing.panel(panel, results)
        if panel["type"] == "stat":
            defaults = panel["fieldConfig"]["defaults"]
            texts = [shown(numbers[-1][1], defaults["unit"], defaults.get("mappings", ())) for _, numbers in results]
            print(f"{panel['title']}: {', '.join(texts)}")
    with open(picture, "w", encoding="utf-8") as file:
        file.write(drawing.finish())


if __name__ == "__main__":
    main(*sys.argv[1:])
