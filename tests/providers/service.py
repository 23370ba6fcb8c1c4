"""One process of the service on a new database, and HTTP."""

import http.client
import itertools
import json
import os
import secrets
import socket
import subprocess
import time
import urllib.parse
from pathlib import Path

RESOURCE = "https://invitations.example.com"
_numbers = itertools.count(1)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(what, look, seconds=60):
    """What `look` gives, once it gives something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if found := look():
                return found
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"providers: {what} within {seconds} s")


def request(method, url, body=None, **headers):
    """Status, headers and body of an answer. No redirect is followed."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request(method, path or "/", body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


def form(url, fields, **headers):
    """A posted form's answer as JSON."""
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    status, _, text = request("POST", url, urllib.parse.urlencode(fields), **headers)
    if status != 200:
        raise SystemExit(f"providers: {url} answers with {status}: {text}")
    return json.loads(text)


class Sqlite:
    name = "SQLite"

    def __init__(self, folder):
        self.url = f"sqlite://{folder}/{next(_numbers)}.db"


class Postgres:
    name = "PostgreSQL"

    def __init__(self):
        server, name = os.environ["TEST_POSTGRES_URL"].rsplit("/", 1)[0], f"providers_{next(_numbers)}"
        psql = Path(os.environ["PGBIN"]) / "psql"
        subprocess.run([psql, "-qX", f"{server}/postgres", "-c", f"CREATE DATABASE {name}"], check=True)
        self.url = f"{server}/{name}"


class Service:
    """Runs while the `with` block does."""

    def __init__(self, folder, database, issuers, mail=None):
        self.port, self.folder = free_port(), Path(folder)
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {
            "DATABASE_URL": database.url, "LISTEN_ADDR": f"127.0.0.1:{self.port}", "SECRET_KEY": secrets.token_hex(32),
            # Libraries find the token endpoint by the issuer.
            "PUBLIC_URL": self.url, "JWT_ISSUER": self.url, "RATE_LIMITS": "off",
        }
        # Letters are sent where a mail provider is tried.
        self.arguments = ["serve", "--no-courier"] if mail is None else ["serve"]
        self.settings |= mail or {}
        if issuers is not None:
            # As operators do: the list is in a file.
            file = self.folder / "issuers.json"
            file.write_text(json.dumps(issuers))
            self.settings["JWT_ISSUERS"] = f"@{file}"

    def __enter__(self):
        log = (self.folder / "service.log").open("wb")
        self.process = subprocess.Popen(
            [os.environ["SERVICE"], *self.arguments], cwd=self.folder, env={**os.environ, **self.settings},
            stdout=subprocess.DEVNULL, stderr=log,
        )
        log.close()
        eventually("the service did not start", lambda: request("GET", f"{self.url}/readyz")[0] == 200)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def token(self, *arguments):
        """An access token from the command line."""
        command = [os.environ["SERVICE"], "token", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env={**os.environ, **self.settings}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def me(self, token):
        """Status, and what the service says of the caller."""
        status, _, text = request("GET", f"{self.url}/v1/me", Authorization=f"Bearer {token}")
        return status, json.loads(text)

    def seen(self, token):
        """What the caller is, and the status of a list: `client, 200`; or the status of the refusal."""
        status, me = self.me(token)
        if status != 200:
            return str(status)
        users, _, _ = request("GET", f"{self.url}/v1/users", Authorization=f"Bearer {token}")
        return f"{me['type']} {me['name']}, {' '.join(sorted(me['permissions'])) or 'nothing'}, {users}"
