"""A process that goes on when this program ends: it is found again by its id, and by when it started."""

import os
import signal
import subprocess
import time

from . import programs
from .layout import FOLDER, Failure


class Process:
    """One of the cluster. Its output goes to `logs/NAME.log`."""

    def __init__(self, layout, name, command, environment=None):
        self.layout, self.name, self.command = layout, name, list(map(str, command))
        self.environment = programs.environment() | (environment or {})
        self.record = FOLDER / "run" / name

    @property
    def pid(self):
        """Its id while it runs, else None. An id that another process has by now does not count."""
        try:
            pid, started = self.record.read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        reap(int(pid))
        return int(pid) if started_at(int(pid)) == started else None

    def start(self):
        if self.pid:
            return
        for name in "run", "logs":
            self.layout.folder(name)
        with (FOLDER / "logs" / f"{self.name}.log").open("ab") as log:
            started = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                cwd=self.layout.folder("home", self.name), env=self.environment, **self.layout.as_owner(),
            )
        self.record.write_text(f"{started.pid} {started_at(started.pid)}")
        # Neither waited for nor warned of at the end.
        started.returncode = 0

    def send(self, number):
        if pid := self.pid:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self):
        """As a crash."""
        self.send(signal.SIGKILL)
        self.wait(10)

    def stop(self, seconds=30):
        """In order, or by force after some time."""
        self.send(signal.SIGTERM)
        if not self.wait(seconds):
            self.kill()

    def wait(self, seconds):
        """Whether it has ended within this time."""
        until = time.monotonic() + seconds
        while self.pid and time.monotonic() < until:
            time.sleep(0.02)
        return self.pid is None

    def expect(self):
        """An error while it does not run, with the end of its log."""
        if not self.pid:
            log = (FOLDER / "logs" / f"{self.name}.log").read_text(errors="replace")
            raise Failure(f"{self.name} has ended:\n{log[-2000:]}")


def reap(pid):
    """A child of this program that has ended leaves its id behind until it is waited for."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def started_at(pid):
    """When a process started, in ticks since the machine's start; None when it has ended."""
    try:
        fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def family(pid):
    """A process and all that descend from it."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = open(f"/proc/{entry}/stat").read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found
