#!/usr/bin/env bash
# openapi-python-client 0.29.1: a query parameter with a list is sent as `kind=a&kind=b`, whatever its `explode`. With
# `explode: false` OpenAPI 3.1 has `kind=a,b`. The generator says nothing about it.
# Here filters of lists take several values separated by commas, and a parameter that comes twice is refused
# (`duplicate_parameter`): with this client, filter by one value, or join the values in a URL of one's own.
# Seen (CPython 3.11):
#   explode: true     /things?kind=a&kind=b
#   explode: false    /things?kind=a&kind=b
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check openapi-python-client==0.29.1
"$tmp/venv/bin/python" - <<'PY'
import importlib, json, subprocess, sys
from pathlib import Path

import httpx


def sent(name, explode):
    """The path and the query that the client of such a parameter asks for."""
    kind = {
        "name": "kind", "in": "query", "style": "form", "explode": explode,
        "schema": {"type": "array", "items": {"type": "string"}},
    }
    operation = {"operationId": "listThings", "parameters": [kind], "responses": {"204": {"description": "None."}}}
    Path(f"{name}.json").write_text(json.dumps({
        "openapi": "3.1.0", "info": {"title": name, "version": "1"}, "paths": {"/things": {"get": operation}},
    }))
    generator = Path(sys.executable).with_name("openapi-python-client")
    subprocess.run(
        [generator, "generate", "--path", f"{name}.json", "--meta", "none", "--output-path", name],
        check=True, capture_output=True,
    )
    asked = []
    answer = httpx.MockTransport(lambda request: asked.append(request.url.raw_path.decode()) or httpx.Response(204))
    client = importlib.import_module(name).Client(base_url="http://a.example", httpx_args={"transport": answer})
    importlib.import_module(f"{name}.api.default.list_things").sync_detailed(client=client, kind=["a", "b"])
    return asked[0]


sys.path.insert(0, ".")
seen = sent("exploded", True), sent("joined", False)
assert seen == ("/things?kind=a&kind=b", "/things?kind=a&kind=b"), f"the behaviour has changed: {seen}"
print("openapi-python-client: a list is sent as several parameters, though `explode` is false")
PY
