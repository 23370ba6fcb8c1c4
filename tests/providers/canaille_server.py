"""Canaille (PyPI): its keys have neither `alg` nor `use`, and the tokens that it signs name no key.

Its access tokens are random text that only it can introspect. The JWTs that it signs for clients are those of dynamic
registration (RFC 7591), RS512 and of the type `JWT`: they show whether its keys are understood.
"""

import base64
import json
import os
import subprocess
from pathlib import Path

from service import eventually, form, free_port, request

# Keys as joserfc makes them.
KEY = "import json; from joserfc.jwk import RSAKey; print(json.dumps(RSAKey.generate_key(2048).as_dict(private=True)))"


class Canaille:
    """Runs while the `with` block does."""

    name = "canaille"

    def __init__(self, folder):
        self.port, self.programs = free_port(), Path(os.environ["PROVIDERS"]) / "venv/bin"
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = Path(folder) / "canaille.toml"

    def __enter__(self):
        key = json.loads(self._output("python", "-c", KEY))
        members = ", ".join(f"{name} = {json.dumps(value)}" for name, value in key.items())
        self.config.write_text(
            f'SECRET_KEY = "{os.urandom(16).hex()}"\nSERVER_NAME = "127.0.0.1:{self.port}"\nPREFERRED_URL_SCHEME = "http"\n'
            f'[CANAILLE]\nDATABASE = "memory"\n[CANAILLE_OIDC]\nACTIVE_JWKS = [{{{members}}}]\n'
        )
        self.process = subprocess.Popen(
            [self.programs / "canaille", "run", "--bind", f"127.0.0.1:{self.port}"], env=self._environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        eventually("canaille did not start", lambda: request("GET", f"{self.url}/oauth/jwks.json")[0] == 200)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def _environment(self):
        return {**os.environ, "CANAILLE_CONFIG": str(self.config)}

    def _output(self, program, *arguments):
        command = [self.programs / program, *arguments]
        return subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=True).stdout.strip()

    def issuers(self):
        return [{
            "issuer": self.url, "jwks_url": f"{self.url}/oauth/jwks.json", "audience": self.url, "typ": "JWT",
            "map": {"permissions": {"client:register": "customers:read"}},
        }]

    def tokens(self, service):
        keys = json.loads(request("GET", f"{self.url}/oauth/jwks.json")[2])["keys"]
        members = " ".join(sorted(keys[0]))
        yield "members of its keys", "e kid kty n", members
        signed = self._output("canaille", "jwt", "registration", "--client-id", f"fleet-{service.port}").splitlines()[-1]
        yield "initial access token", f"client fleet-{service.port}, customers:read, 200", service.seen(signed)
        yield "the same without its signature", "401", service.seen(signed.rsplit(".", 1)[0] + ".")
        client = self._register(signed)
        # It has no `exp`.
        yield "registration access token", "401", service.seen(client["registration_access_token"])
        pair = f"{client['client_id']}:{client['client_secret']}"
        basic = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        opaque = form(f"{self.url}/oauth/token", {"grant_type": "client_credentials"}, **basic)["access_token"]
        yield "client_credentials (no JWT)", "401", service.seen(opaque)

    def _register(self, token):
        body = json.dumps({
            "client_name": "fleet", "redirect_uris": ["http://127.0.0.1/none"], "grant_types": ["client_credentials"],
            "scope": "openid",
        })
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        status, _, text = request("POST", f"{self.url}/oauth/register", body, **headers)
        if status not in (200, 201):
            raise SystemExit(f"providers: canaille registers no client: {status}: {text}")
        return json.loads(text)
