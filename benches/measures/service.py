"""One process of the service, in a folder of its own."""

import http.client
import os
import socket
import subprocess
import time
from functools import cache
from pathlib import Path

from programs import SECRET_KEY, SERVICE, output


@cache
def token():
    """An access token that may do everything."""
    return output(SERVICE, "token", "--role", "admin", "--subject", "Benchmark", "--ttl", "12h", SECRET_KEY=SECRET_KEY).strip()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """Runs while the `with` block does. It logs as it does by default, into a file."""

    def __init__(self, database, *arguments, **settings):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.arguments = arguments or ("serve", "--no-courier")
        self.settings = {
            "DATABASE_URL": database.url, "LISTEN_ADDR": f"127.0.0.1:{self.port}", "SECRET_KEY": SECRET_KEY, **settings,
        }
        self.folder = Path(database.folder)

    def __enter__(self):
        began = time.perf_counter()
        log = (self.folder / f"{self.port}.log").open("ab")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LOG")}
        self.process = subprocess.Popen(
            [SERVICE, *self.arguments], cwd=self.folder, env={**environment, **self.settings}, stdout=subprocess.DEVNULL, stderr=log
        )
        log.close()
        if "serve" in self.arguments:
            self._wait()
        self.seconds_to_ready = time.perf_counter() - began
        return self

    def _wait(self):
        while self.process.poll() is None:
            try:
                if self.answer("GET", "/readyz")[0] == 200:
                    return
            except ConnectionRefusedError:
                continue
        raise SystemExit(f"bench: the service did not start; its log is {self.folder}/{self.port}.log")

    def answer(self, method, path, body=None):
        """Status and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, body

    def megabytes(self, name):
        """Resident memory: VmRSS is the present one, VmHWM the highest so far."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
        raise SystemExit(f"bench: no {name} in /proc")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
