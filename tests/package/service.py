"""A service of the package, started as its unit says, and a caller of its API."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from unit import Unit, made_calls

LIMIT = 60


class Service:
    """It runs between `with` and its end, where it has to stop by SIGTERM."""

    def __init__(self, root: Path, name: str, ready: str) -> None:
        self.unit = Unit(root, name)
        self.ready = ready
        self.trace = root.with_name(f"{name}.trace")
        self.log = root.with_name(f"{name}.log")

    def __enter__(self) -> "Service":
        self.trace.unlink(missing_ok=True)
        with self.log.open("w") as log:
            command = self.unit.start(self.trace)
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            until(f"{self.unit.one('ExecStart')} is ready", self.is_ready)
        except BaseException:
            self.give_up()
            raise
        return self

    def is_ready(self) -> bool:
        assert self.process.poll() is None, "it ended"
        try:
            return call(self.ready)[0] == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def give_up(self) -> None:
        """Ends it at once, with strace and all, and shows what it logged."""
        print(self.log.read_text())
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def __exit__(self, fault: object, *_: object) -> None:
        if fault is not None:
            self.give_up()
            return
        trace = self.trace.read_text(errors="replace")
        started = re.search(r'^(\d+) +execve\("/usr/bin/invitation-service"', trace, re.MULTILINE)
        os.kill(int(started[1]), signal.SIGTERM)
        code = self.process.wait(timeout=LIMIT)
        assert code == 0, f"it ended with {code}:\n{self.log.read_text()}"
        forbidden = made_calls(self.trace) - self.unit.allowed_calls()
        assert not forbidden, f"SystemCallFilter does not allow {sorted(forbidden)}"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(what: str, look) -> object:
    """What `look` finds, once it finds something."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.1)
    raise SystemExit(f"this did not come to pass within {LIMIT} s: {what}")


def call(url: str, body: object = None, token: str = "") -> tuple[int, str]:
    """The status and the text of an answer."""
    request = urllib.request.Request(url, method="GET" if body is None else "POST")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=LIMIT) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
