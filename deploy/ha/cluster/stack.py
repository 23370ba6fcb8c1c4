"""Setting the cluster up, restarting the service, taking all of it down."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

from . import members, programs
from .layout import ADDRESS, APIS, COURIERS, FOLDER, POSTGRES, Failure, Layout
from .patroni import Patroni
from .process import family

# A process of the service that is asked to stop may finish what it has in hand.
STOP_TIMEOUT = 35
# How long the first primary and its standbys may take.
START_TIMEOUT = 180


class Stack:
    """A cluster that was set up. `path` is how the service reaches the database: `pooler` or `hosts`."""

    def __init__(self, layout, path="pooler"):
        self.layout, self.patroni = layout, Patroni(layout)
        self.use(path)

    @classmethod
    def read(cls):
        return cls(Layout.read())

    def use(self, path):
        self.processes = members.all_of(self.layout, path)

    def service(self, *names):
        """Processes of the service."""
        wanted = names or [f"api-{n}" for n in range(1, APIS + 1)] + [f"courier-{n}" for n in range(1, COURIERS + 1)]
        return [self.processes[name] for name in wanted]

    def start(self):
        """Everything in order: each waits for what it needs."""
        others = [process for name, process in self.processes.items() if not name.startswith(("api", "courier"))]
        for process in others:
            if process.name == "patroni-1":
                self.wait_for_etcd()
            process.start()
        until = time.monotonic() + START_TIMEOUT
        while not self.patroni.is_whole():
            for process in others:
                process.expect()
            if time.monotonic() > until:
                raise Failure(f"no primary with its standbys within {START_TIMEOUT} s; see {FOLDER / 'logs'}")
            time.sleep(0.5)
        self.run("migrate")
        for process in self.service():
            process.start()
        for number in range(1, APIS + 1):
            self.wait_until_ready(number)

    def wait_for_etcd(self, seconds=60):
        """Until it has a leader, and so takes writes."""
        url, until = f"http://{ADDRESS}:{self.layout.ports['etcd-1']}/health", time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    if json.load(answer)["health"] == "true":
                        return
            except OSError:
                pass
            self.processes["etcd-1"].expect()
            if time.monotonic() > until:
                raise Failure(f"etcd has no leader within {seconds} s")
            time.sleep(0.1)

    def run(self, *arguments):
        """A command of the service; what it prints."""
        process = members.service(self.layout, arguments[0], 1, "pooler")
        command = [*process.command, *arguments[1:]]
        until = time.monotonic() + 60
        while True:
            done = subprocess.run(command, env=process.environment, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return done.stdout
            if time.monotonic() > until:
                raise Failure(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
            time.sleep(0.5)

    def wait_until_ready(self, number, path="/readyz", seconds=60):
        url, until = f"http://{ADDRESS}:{self.layout.ports[f'api-{number}']}{path}", time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(url, timeout=5):
                    return
            except OSError:
                self.processes[f"api-{number}"].expect()
                if time.monotonic() > until:
                    raise Failure(f"api-{number} is not ready within {seconds} s") from None
                time.sleep(0.05)

    def restart(self):
        """The service's processes one after the other; each of the API is taken out of rotation first."""
        for number in range(1, APIS + 1):
            self.proxy(f"set server api/api-{number} state drain")
            self.processes[f"api-{number}"].stop(STOP_TIMEOUT)
            self.processes[f"api-{number}"].start()
            self.wait_until_ready(number)
            self.proxy(f"set server api/api-{number} state ready")
            self.wait_until_in_rotation(number)
        for process in self.service(*(f"courier-{n}" for n in range(1, COURIERS + 1))):
            process.stop(STOP_TIMEOUT)
            process.start()

    def proxy(self, command):
        """What HAProxy answers to a command at its socket."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(FOLDER / "run" / "haproxy.sock"))
            connection.sendall(command.encode() + b"\n")
            return connection.makefile().read()

    def wait_until_in_rotation(self, number, seconds=30):
        until = time.monotonic() + seconds
        while not any(line.startswith(f"api,api-{number},") and line.split(",")[17].startswith("UP")
                      for line in self.proxy("show stat").splitlines()):
            if time.monotonic() > until:
                raise Failure(f"HAProxy does not send requests to api-{number}")
            time.sleep(0.05)


def up():
    if (FOLDER / "state.json").exists():
        raise Failure(f"there is a cluster in {FOLDER} already: make ha-down")
    program = programs.service()
    FOLDER.mkdir(parents=True, exist_ok=True)
    programs.fetch()
    layout = Layout.draw({"ttl": int(os.environ.get("HA_TTL") or 25)})
    layout.give(FOLDER)
    layout.write()
    layout.expect_access()
    shutil.copy(program, FOLDER / "invitation-service")
    stack = Stack(layout)
    stack.start()
    return stack


def down():
    """Ends all processes of the cluster by their ids, and removes its folder."""
    if not (FOLDER / "state.json").exists():
        raise Failure(f"there is no cluster in {FOLDER}")
    stack = Stack.read()
    servers = [number for number in range(1, POSTGRES + 1) if postmaster(number)]
    # A process that was frozen is not asked in vain.
    for pid in [one for process in stack.processes.values() if process.pid for one in family(process.pid)]:
        signal_if_there(pid, signal.SIGCONT)
    for name in reversed(stack.processes):
        stack.processes[name].stop()
    # A server whose Patroni was killed.
    for number in servers:
        if pid := postmaster(number):
            signal_if_there(pid, signal.SIGQUIT)
    until = time.monotonic() + 10
    while any(map(postmaster, servers)) and time.monotonic() < until:
        time.sleep(0.1)
    shutil.rmtree(FOLDER)


def postmaster(number):
    """The id of a member's PostgreSQL server while it runs, else None."""
    folder = FOLDER / "data" / f"postgres-{number}"
    try:
        pid = int((folder / "postmaster.pid").read_text().split("\n", 1)[0])
        command = open(f"/proc/{pid}/cmdline").read()
    except (OSError, ValueError):
        return None
    return pid if str(folder) in command else None


def signal_if_there(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
