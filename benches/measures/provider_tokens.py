"""GET by id with the access token of an identity provider (RS256), beside the same with a token of our own."""

import base64
import http.server
import json
import subprocess
import threading
import time

from databases import ROWS, Postgres, Sqlite
from load import wrk
from programs import output
from service import Service, token
from table import beside

CLIENTS = 16
AUDIENCE = "invitation-service"


class Provider:
    """A key pair, and its key set at an address of this machine while the `with` block runs."""

    def __init__(self, folder):
        self.key = f"{folder}/provider.pem"
        output("openssl", "genrsa", "-out", self.key, "2048")
        modulus = output("openssl", "rsa", "-in", self.key, "-noout", "-modulus").strip().removeprefix("Modulus=")
        keys = {"keys": [{"kty": "RSA", "kid": "1", "n": text(bytes.fromhex(modulus)), "e": "AQAB"}]}
        self.body = json.dumps(keys).encode()

    def __enter__(self):
        body = self.body

        class Keys(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()

    def issuers(self):
        """For `JWT_ISSUERS`."""
        return json.dumps([{
            "issuer": self.url, "jwks_url": f"{self.url}/keys", "audience": AUDIENCE,
            "claims": {"roles": "/realm_access/roles"}, "map": {"roles": {"portal-admin": "admin"}},
        }])

    def token(self):
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": AUDIENCE, "sub": "8f0c3a5e-2b1d-4a6f-9c7e-1d2e3f4a5b6c", "client_id": "bench", "iat": now,
            "exp": now + 12 * 3600, "realm_access": {"roles": ["offline_access", "portal-admin"]}, "scope": "openid profile",
        }
        parts = [{"typ": "at+jwt", "alg": "RS256", "kid": "1"}, claims]
        signed = ".".join(text(json.dumps(part).encode()) for part in parts)
        command = ["openssl", "dgst", "-sha256", "-sign", self.key]
        signature = subprocess.run(command, input=signed.encode(), capture_output=True, check=True).stdout
        return f"{signed}.{text(signature)}"


def text(value):
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def measured(bench, kind):
    database = bench.filled(kind)
    with Provider(bench.folder) as provider:
        theirs = provider.token()
        with Service(database, RATE_LIMITS="off", JWT_ISSUERS=provider.issuers()) as service:
            def get(bearer):
                return wrk("get", service.url, CLIENTS, bench.seconds, ROWS=str(ROWS), TOKEN=bearer)

            yield beside(
                f"GET by id with a provider's token, {database.name}, {CLIENTS} clients; beside our own",
                bench.rounds, lambda: get(theirs), lambda: get(token()), "/s", 0.9,
            )


def postgres(bench):
    return measured(bench, Postgres)


def sqlite(bench):
    return measured(bench, Sqlite)
