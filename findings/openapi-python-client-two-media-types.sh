#!/usr/bin/env bash
# openapi-python-client 0.29.1: an operation whose body is required and may come in two media types gets a
# module that cannot be imported: it names `Unset`, which it does not import. With one media type it can,
# and with two where the body is optional, too. The generator says nothing about it. Both are valid OpenAPI
# 3.1, and a PATCH that takes JSON and merge patches alike (RFC 7396) is such an operation.
# Here the contract lists application/json alone for the body of a PATCH (http/extract/json_body.rs), and
# says in words that a merge patch is taken, too. `POST /v1/auth/token` has both, as RFC 6749 has the form: remove
# it from a copy of the contract before the client is generated (docs/clients.md).
# Seen (CPython 3.11):
#   required, one media type     imported
#   required, two media types    NameError: name 'Unset' is not defined
#   optional, two media types    imported
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check openapi-python-client==0.29.1
"$tmp/venv/bin/python" - <<'PY'
import json, subprocess, sys
from pathlib import Path

MERGE = "application/merge-patch+json"


def imported(name, required, *types):
    """What Python says when it imports the module of the operation; nothing when it can."""
    schema = {"$ref": "#/components/schemas/Change"}
    change = {"type": "object", "properties": {"name": {"type": "string"}}}
    operation = {
        "operationId": "amend",
        "requestBody": {"required": required, "content": {kind: {"schema": schema} for kind in types}},
        "responses": {"204": {"description": "Changed."}},
    }
    Path(f"{name}.json").write_text(json.dumps({
        "openapi": "3.1.0", "info": {"title": name, "version": "1"},
        "paths": {"/thing": {"patch": operation}}, "components": {"schemas": {"Change": change}},
    }))
    generator = Path(sys.executable).with_name("openapi-python-client")
    subprocess.run(
        [generator, "generate", "--path", f"{name}.json", "--meta", "none", "--output-path", name],
        check=True, capture_output=True,
    )
    run = subprocess.run(
        [sys.executable, "-c", f"import {name}.api.default.amend"], capture_output=True, text=True
    )
    return run.stderr.strip().rpartition("\n")[2]


assert imported("one", True, "application/json") == ""
assert imported("optional", False, "application/json", MERGE) == ""
said = imported("two", True, "application/json", MERGE)
assert said.startswith("NameError: name 'Unset' is not defined"), f"the behaviour has changed: {said}"
print("openapi-python-client: the module of an operation with two media types cannot be imported")
PY
