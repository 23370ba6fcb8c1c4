"""What a cluster on this machine has: folder, owner, ports and passwords, kept in a file of the folder."""

import json
import os
import pwd
import secrets
import socket
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
REPOSITORY = HERE.parent.parent
FOLDER = Path(os.environ.get("HA_FOLDER") or REPOSITORY / "target" / "ha").resolve()
ADDRESS = "127.0.0.1"
# How many of each.
ETCDS, POSTGRES, POOLERS, APIS, COURIERS = 3, 3, 2, 2, 2


class Failure(Exception):
    """Something that whoever runs it can do something about, in words."""


class Layout:
    """Ports by name, passwords by name, and where things are."""

    def __init__(self, state):
        self.ports, self.passwords = state["ports"], state["passwords"]
        self.settings, self.user = state["settings"], state["user"]

    @classmethod
    def draw(cls, settings):
        """A new one, with free ports and passwords drawn at random."""
        numbers = range(1, 4)
        names = ["primary", "api", "relay"]
        names += [f"{kind}-{n}" for n in numbers for kind in ("etcd", "etcd-peer", "postgres", "rest", "pgbouncer", "api")]
        people = ("superuser", "replication", "rewind", "rest", "service", "key")
        return cls({
            "ports": dict(zip(names, free_ports(len(names)))), "settings": settings, "user": owner(),
            "passwords": {name: secrets.token_hex(32 if name == "key" else 16) for name in people},
        })

    @classmethod
    def read(cls):
        """The one of the cluster that was set up."""
        try:
            return cls(json.loads((FOLDER / "state.json").read_text()))
        except FileNotFoundError:
            raise Failure(f"there is no cluster in {FOLDER}: make ha-up") from None

    def write(self):
        path = FOLDER / "state.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(vars(self), indent=1))

    def folder(self, *names):
        """A folder that belongs to the owner of the processes."""
        path = FOLDER
        for name in names:
            path /= name
            if not path.exists():
                path.mkdir(mode=0o700)
                self.give(path)
        return path

    def file(self, name, text, mode=0o600):
        """A file that belongs to the owner of the processes."""
        path = FOLDER / name
        path.touch(mode=mode)
        path.write_text(text)
        path.chmod(mode)
        self.give(path)
        return path

    def expect_access(self):
        """An error where the owner cannot reach the folder or the repository."""
        done = subprocess.run(["test", "-x", FOLDER, "-a", "-r", HERE / "post-init"], check=False, **self.as_owner())
        if done.returncode:
            raise Failure(f"the user {self.user} has no access to {FOLDER} or {HERE}: run it as another user than root")

    def as_owner(self):
        """For subprocess: as whom a process runs."""
        if os.geteuid() != 0:
            return {}
        entry = pwd.getpwnam(self.user)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def give(self, path):
        if os.geteuid() == 0:
            entry = pwd.getpwnam(self.user)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def database_url(self, number, path):
        """The database as a process of the service reaches it: by its pooler, or by libpq's own list of hosts."""
        hosts = [f"{ADDRESS}:{self.ports[f'pgbouncer-{number}']}"]
        if path == "hosts":
            hosts = [f"{ADDRESS}:{self.ports[f'postgres-{n}']}" for n in range(1, POSTGRES + 1)]
        return f"postgres://invitation_service:{self.passwords['service']}@{','.join(hosts)}/invitations"


def owner():
    """The user whose processes they are: root runs none of them."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    for name in "postgres", "nobody":
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise Failure("there is no user postgres or nobody to run as")


def free_ports(number):
    """Ports that nothing listens on: bound together, so that they differ, below the range of outgoing connections."""
    sockets, ports = [], []
    try:
        while len(ports) < number:
            port = 20000 + secrets.randbelow(12000)
            probe = socket.socket()
            try:
                probe.bind((ADDRESS, port))
            except OSError:
                probe.close()
                continue
            sockets.append(probe)
            ports.append(port)
        return ports
    finally:
        for probe in sockets:
            probe.close()
