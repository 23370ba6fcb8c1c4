"""This service as the issuer: OAuth libraries get tokens of an API client, as partners' programs do.

Authlib (PyPI) and openid-client (npm), each with the credentials in the header and in the body. openid-client finds the
token endpoint by discovery.
"""

import json
import os
import subprocess
from pathlib import Path

from service import request

SCOPE = "customers:read"
DENIED = "invalid_client"


class ApiClients:
    """Needs no process of its own."""

    name = "this service"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def issuers(self):
        return None

    def tokens(self, service):
        admin = {"Authorization": f"Bearer {service.token('--scope', 'clients:manage', '--scope', SCOPE)}"}
        body = json.dumps({"name": "Fleet sync", "scopes": [SCOPE]})
        status, _, text = request("POST", f"{service.url}/v1/api-clients", body, **admin, **{"Content-Type": "application/json"})
        if status != 201:
            raise SystemExit(f"providers: no client was made: {status}: {text}")
        client = json.loads(text)
        for library, call in ("Authlib", authlib), ("openid-client", openid_client):
            for way in "client_secret_basic", "client_secret_post":
                expected = f"client Fleet sync, {SCOPE}, 900"
                yield f"{library}, {way}", expected, call(service.url, way, client["id"], client["secret"])
                # Of characters that Basic needs encoded.
                yield f"{library}, {way}, wrong secret", DENIED, call(service.url, way, client["id"], "ivs_+%:&= é")
        status, _, _ = request("DELETE", f"{service.url}/v1/api-clients/{client['id']}", **admin)
        yield "revoked by the operator", "204", str(status)
        yield "Authlib, after it", DENIED, authlib(service.url, "client_secret_basic", client["id"], client["secret"])


def run(command, *arguments, **options):
    """What a program prints on its one line."""
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60, **options)
    return done.stdout.strip() or f"{done.returncode}: {done.stderr.strip()[-300:]}"


def authlib(*arguments):
    folder = Path(os.environ["PROVIDERS"])
    environment = {**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"}
    program = Path(__file__).parent / "authlib_client.py"
    return run([folder / "authlib/bin/python", program], *arguments, env=environment)


def openid_client(*arguments):
    return run(["node", "client.mjs"], *arguments, cwd=Path(os.environ["PROVIDERS"]) / "openid-client")
