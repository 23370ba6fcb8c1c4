"""One process of the service on a new database, and HTTP."""

import http.client
import itertools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import recipes

SECRET = "a-secret-for-returned-mail"
_numbers = itertools.count(1)
# `with` blocks end in order after SIGTERM, too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


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
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")


def memory_of(pid):
    """The resident memory of a process in megabytes: the highest, and now."""
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return tuple(int(fields[name].split()[0]) / 1024 for name in ("VmHWM", "VmRSS"))


class Sqlite:
    name = "SQLite"

    def __init__(self, folder):
        self.url = f"sqlite://{folder}/{next(_numbers)}.db"


class Postgres:
    """A new database of the server that tests/with-postgres runs."""

    name = "PostgreSQL"

    def __init__(self, _folder):
        server, name = os.environ["TEST_POSTGRES_URL"].rsplit("/", 1)[0], f"bounces_{next(_numbers)}"
        psql = Path(os.environ["PGBIN"]) / "psql"
        subprocess.run([psql, "-qX", f"{server}/postgres", "-c", f"CREATE DATABASE {name}"], check=True)
        self.url = f"{server}/{name}"


class Client:
    """A connection that is kept, from an address of the loopback interface."""

    def __init__(self, port, source="127.0.0.1", timeout=60):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout, source_address=(source, 0))

    def request(self, method, path, body=None, headers=None):
        """Status, and body as JSON. It connects anew after an error."""
        try:
            self.connection.request(method, path, body, headers or {})
            answer = self.connection.getresponse()
            text = answer.read()
        except BaseException:
            self.connection.close()
            raise
        return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else {}

    def pass_on(self, message, recipient=None):
        """Passes a returned message on: status, and outcome."""
        query = f"?recipient={urllib.parse.quote(recipient)}" if recipient else ""
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "message/rfc822"}
        status, body = self.request("POST", f"/v1/mail-events/dsn{query}", message, headers)
        return status, body.get("outcome") or body.get("code", "")


class Service:
    """Runs while the `with` block does, except when it is killed."""

    def __init__(self, folder, database, relay_port, port=None):
        self.port, self.folder = port or free_port(), Path(folder)
        self.program, self.process, self.headers = os.environ["SERVICE"], None, {}
        self.secret_file = self.folder / "dsn"
        self.secret_file.write_text(SECRET)
        names = ("PATH", "TZDIR", "LANG")
        self.environment = {name: os.environ[name] for name in names if name in os.environ} | {
            "DATABASE_URL": database.url, "LISTEN_ADDR": f"127.0.0.1:{self.port}", "SECRET_KEY": secrets.token_hex(32),
            "MAIL_URL": f"smtp://127.0.0.1:{relay_port}?tls=none", "MAIL_FROM": "Voltmark <no-reply@voltmark.example>",
            "MAIL_ENVELOPE_FROM": recipes.ENVELOPE_FROM, "MAIL_EVENTS_DSN": SECRET,
        }

    def start(self):
        with (self.folder / "service.log").open("ab") as log:
            # It ends with this process, however that ends.
            command = ["setpriv", "--pdeathsig", "KILL", self.program, "serve"]
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL, stderr=log
            )
        eventually("the service is ready", lambda: Client(self.port).request("GET", "/readyz")[0] == 200)
        if not self.headers:
            token = self.run("token", "--role", "admin", "--ttl", "3h").stdout.strip()
            self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def kill(self):
        """As a crash: SIGKILL."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def run(self, *arguments, **options):
        """A command of the program, with the service's settings."""
        return subprocess.run(
            [self.program, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True,
            check=True, **options,
        )

    def call(self, method, path, body=None, client=None):
        """The answer to a request of an admin. Any but 2xx is an error."""
        text = None if body is None else json.dumps(body)
        status, answer = (client or Client(self.port)).request(method, path, text, self.headers)
        assert 200 <= status < 300, f"{method} {path} is answered {status}: {answer}"
        return answer

    def invite(self, email):
        return self.call("POST", "/v1/system-users/invitations", {"email": email, "roles": ["viewer"]})["id"]

    def invitations(self):
        """All of them, by the address."""
        client, path, found = Client(self.port), "/v1/invitations?limit=200", {}
        while path:
            page = self.call("GET", path, client=client)
            found |= {one["email"]: one for one in page["data"]}
            cursor = page["next_cursor"]
            path = cursor and f"/v1/invitations?limit=200&cursor={cursor}"
        return found

    def events(self, invitation, client=None):
        return self.call("GET", f"/v1/invitations/{invitation}/events", client=client)["data"]

    def memory(self):
        """Its resident memory in megabytes: the highest since `forget_peak`, and now."""
        return memory_of(self.process.pid)

    def forget_peak(self):
        # See proc(5).
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
