"""Runs the steps of Dockerfile in a chroot, and the service as the image starts it: see `tests/package/image`."""

import json
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from chroot import Chroot
from service import LIMIT, free_port, until

REPOSITORY = Path(__file__).resolve().parents[2]


def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage: their names and the rest, without comments, each on one line."""
    lines = (REPOSITORY / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if line.strip() and not line.startswith("#"))
    found: list[list[tuple[str, str]]] = []
    for line in text.replace("\\\n", " ").splitlines():
        name, rest = line.split(maxsplit=1)
        if name == "FROM":
            found.append([])
        found[-1].append((name, rest))
    return found


class Image:
    """What the instructions of the last stage have made."""

    def __init__(self, chroot: Chroot, program: Path) -> None:
        self.chroot, self.program = chroot, program
        self.environment: dict[str, str] = {}
        self.values: dict[str, str] = {}

    def follow(self, name: str, rest: str) -> None:
        if name == "RUN":
            self.chroot.run("/bin/sh", "-c", rest)
        elif name == "COPY":
            origin, source, target = rest.split()
            assert (origin, source) == ("--from=build", "/usr/local/bin/invitation-service"), rest
            shutil.copy(self.program, self.chroot.path(target) / Path(source).name)
        elif name == "ENV":
            self.environment |= dict(word.split("=", 1) for word in shlex.split(rest))
        else:
            self.values[name] = rest

    def command(self, arguments: list[str], address: str) -> list[str]:
        """The command of the host that runs something as the image and docker-compose.yml say: as its user, with no
        capability, with nothing to write to but the volume and /tmp."""
        environment = self.environment | {"LISTEN_ADDR": address, "PATH": "/usr/local/bin:/usr/bin:/bin"}
        user, group = self.values["USER"].split(":")
        mounts = (
            'set -eu; mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; mount -t proc proc "$1/proc"; '
            'mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"; mount --bind "$1$2" "$1$2"; '
            'mount -o remount,bind,rw "$1$2"; shift 2; exec "$@"'
        )
        return [
            "unshare", "--mount", "--propagation", "private", "sh", "-c", mounts, "sh", str(self.chroot.root),
            self.values["VOLUME"], "chroot", str(self.chroot.root), "/usr/bin/setpriv", f"--reuid={user}",
            f"--regid={group}", "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all",
            "/usr/bin/env", "-i", f"--chdir={self.values['WORKDIR']}",
            *(f"{name}={value}" for name, value in environment.items()), *arguments,
        ]

    def lives(self) -> None:
        """It starts, is healthy, and stops as an engine stops it."""
        # Not at every address of this machine.
        address = f"127.0.0.1:{free_port()}"
        start = json.loads(self.values["ENTRYPOINT"]) + json.loads(self.values["CMD"])
        check = json.loads(self.values["HEALTHCHECK"].split("CMD", 1)[1])
        running = subprocess.Popen(self.command(start, address), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            until("it is healthy", lambda: subprocess.run(
                self.command(check, address), check=False, capture_output=True).returncode == 0)
            running.send_signal(getattr(signal, self.values["STOPSIGNAL"]))
            assert running.wait(timeout=LIMIT) == 0, running.returncode
        finally:
            running.kill()
        made = {path.name for path in self.chroot.path(self.values["VOLUME"]).iterdir()}
        assert {"invitations.db", "secret.key", "mail"} <= made, made


def main(base: Path, program: Path) -> None:
    build, last = stages()
    packages = next(rest for name, rest in build if name == "RUN" and "apt-get" in rest)
    print("image: the packages of the first stage", flush=True)
    Chroot(base).run("/bin/sh", "-c", packages)
    print("image: the last stage", flush=True)
    image = Image(Chroot(base), program)
    for name, rest in last:
        image.follow(name, rest)
    image.lives()
    print("image: everything holds", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
