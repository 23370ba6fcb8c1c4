"""A partner that receives webhooks: each is verified with the libraries of Standard Webhooks and of Svix, npm and PyPI.

The receiver listens on loopback, which WEBHOOK_NETWORKS names.
"""

import http.server
import json
import os
import queue
import subprocess
import threading
from pathlib import Path

from service import request

SCOPES = "system_users:read", "webhooks:manage"
LIBRARIES = "standardwebhooks", "svix"


class Receiver(http.server.BaseHTTPRequestHandler):
    """Accepts everything, and hands it to the test."""

    received = queue.Queue()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        Receiver.received.put(({name.lower(): value for name, value in self.headers.items()}, body.decode()))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Webhooks:
    """The receiver runs while the `with` block does."""

    name = "webhooks"

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()

    def issuers(self):
        return None

    def settings(self):
        return {"WEBHOOK_NETWORKS": "127.0.0.0/8", "MAIL_URL": "directory:mail"}

    def tokens(self, service):
        scopes = [argument for scope in (*SCOPES, "clients:manage", "system_users:invite") for argument in ("--scope", scope)]
        self.headers = {"Authorization": f"Bearer {service.token('--role', 'admin', *scopes)}", "Content-Type": "application/json"}
        client = self.post(f"{service.url}/v1/api-clients", {"name": "Fleet sync", "scopes": SCOPES})
        endpoints = f"{service.url}/v1/webhook-endpoints"
        endpoint = self.post(endpoints, {
            "client_id": client["id"], "url": f"http://127.0.0.1:{self.server.server_port}/hooks?tenant=7",
            "event_types": ["invitation.created"],
        })
        one = f"{endpoints}/{endpoint['id']}"
        yield from self.verified("a test event", "webhook.test", [endpoint["secret"]], lambda: self.post(f"{one}/test", {}))
        rotated = self.post(f"{one}/rotate", {"old_secret_expires_in": 3600})
        invite = {"email": "ada@example.com", "roles": ["viewer"]}
        yield from self.verified(
            "an invitation, after a rotation", "invitation.created", [endpoint["secret"], rotated["secret"]],
            lambda: self.post(f"{service.url}/v1/system-users/invitations", invite),
        )

    def post(self, url, body):
        status, _, text = request("POST", url, json.dumps(body), **self.headers)
        if status >= 300:
            raise SystemExit(f"providers: {url} answers with {status}: {text}")
        return json.loads(text)

    def verified(self, what, event, secrets, cause):
        """What each library says of one webhook: with each secret its type, and of what was changed nothing."""
        cause()
        headers, body = Receiver.received.get(timeout=30)
        for library in LIBRARIES:
            for language, verify in ("npm", javascript), ("PyPI", python):
                for number, secret in enumerate(secrets, 1):
                    yield f"{what}: {library} ({language}), secret {number}", event, verify(library, secret, headers, body)
                forged = body.replace('"type"', '"tYpe"')
                yield f"{what}: {library} ({language}), another body", "refused", verify(library, secrets[0], headers, forged)
                late = headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}
                yield f"{what}: {library} ({language}), another time", "refused", verify(library, secrets[0], late, body)


def run(command, library, secret, headers, body, **options):
    """What a program prints on its one line: the type of the event, or that it refuses."""
    given = json.dumps({"library": library, "secret": secret, "headers": headers, "body": body})
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, **options)
    return done.stdout.strip() or f"{done.returncode}: {done.stderr.strip()[-300:]}"


def javascript(*arguments):
    return run(["node", "verify.mjs"], *arguments, cwd=Path(os.environ["PROVIDERS"]) / "webhooks-npm")


def python(*arguments):
    folder = Path(os.environ["PROVIDERS"])
    return run([folder / "webhooks/bin/python", Path(__file__).parent / "verify_webhook.py"], *arguments)
