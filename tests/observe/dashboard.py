"""Checks a Grafana dashboard, and prints its expressions as rules, for promtool to parse.

Grafana documents the members: <https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/
view-dashboard-json-model/>. Its own models (grafana-foundation-sdk) read the file and write it again: a member
that they do not know is missing then.
"""

import json
import sys

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

COLUMNS = 24
# What Grafana fills in when it is asked for data.
VARIABLES = {"$__range": "1d", "$__rate_interval": "5m", "$job": ".*"}
KINDS = {"row", "stat", "timeseries", "bargauge"}


def differences(ours, theirs, place=""):
    """The places at which Grafana's models read something else than what is there."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name, value in ours.items():
            yield from differences(value, theirs.get(name), f"{place}/{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs)):
            yield from differences(one, other, f"{place}/{number}")
    elif ours != theirs:
        yield f"{place}: {ours!r} is read as {theirs!r}"


def cells(panel):
    """The cells of the grid that a panel covers."""
    at = panel["gridPos"]
    return {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}


def faults(dashboard):
    """What is wrong, one sentence each."""
    if not isinstance(dashboard.get("schemaVersion"), int) or dashboard["schemaVersion"] < 36:
        yield "schemaVersion must be a number; data sources are objects from 36 on"
    if not dashboard.get("title") or not dashboard.get("uid") or len(dashboard["uid"]) > 40:
        yield "title and uid must be set, and uid have 40 characters at most"
    if dashboard.get("id") is not None:
        yield "id is given by each Grafana, and must not be set"
    variables = {one["name"]: one["type"] for one in dashboard["templating"]["list"]}
    if variables.get("datasource") != "datasource":
        yield "there must be a variable for the data source"
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(ids) != len(set(ids)):
        yield "two panels have the same id"
    covered = set()
    for panel in dashboard["panels"]:
        name = f"panel {panel['id']} ({panel['title']})"
        if panel["type"] not in KINDS:
            yield f"{name}: the type {panel['type']} is not known here"
        if max(x for x, _ in cells(panel)) >= COLUMNS or covered & cells(panel):
            yield f"{name} overlaps another one, or the edge"
        covered |= cells(panel)
        if panel["type"] == "row":
            continue
        if not panel.get("description") or not panel.get("targets"):
            yield f"{name} has no description, or no target"
        letters = [target["refId"] for target in panel["targets"]]
        if len(letters) != len(set(letters)):
            yield f"{name}: two targets have the same refId"
        for source in [panel["datasource"], *(target["datasource"] for target in panel["targets"])]:
            if source != {"type": "prometheus", "uid": "${datasource}"}:
                yield f"{name} has a data source of its own"
        for target in panel["targets"]:
            if target["expr"].count("invitation_service_") != target["expr"].count('job=~"$job"'):
                yield f"{name}: {target['expr']} does not choose by job"


def expression(text):
    """An expression as Prometheus gets it."""
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    return text


def main(path):
    with open(path, encoding="utf-8") as file:
        dashboard = json.load(file)
    wrong = list(faults(dashboard))
    again = json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard)))
    wrong.extend(differences(dashboard, again))
    if wrong:
        sys.exit("\n".join(f"{path}: {one}" for one in wrong))
    targets = [(panel["id"], target) for panel in dashboard["panels"] for target in panel.get("targets", [])]
    name = lambda panel, target: f"panel:{panel}:{target['refId']}"
    rules = [{"record": name(*one), "expr": expression(one[1]["expr"])} for one in targets]
    # JSON is YAML.
    print(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))


if __name__ == "__main__":
    main(sys.argv[1])
