"""A chroot of Debian: commands, packages, and which files there are."""

import os
import shutil
import subprocess
from pathlib import Path

# What package management writes, and the copies that it leaves of the lists of users.
NOT_OF_A_PACKAGE = (
    "dev/", "proc/", "run/", "sys/", "tmp/", "package/", "var/cache/", "var/lib/apt/", "var/lib/dpkg/", "var/log/",
    "etc/.pwd.lock", "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/subuid", "etc/subgid",
)


class Chroot:
    """A copy of an unpacked Debian, to be changed and thrown away."""

    def __init__(self, base: Path) -> None:
        self.root = base.with_name(base.name + "-used")
        shutil.rmtree(self.root, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", base, self.root], check=True)
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        (self.root / "package").mkdir()
        self.run("apt-get", "update", "-qq")

    def run(self, *command: str) -> str:
        """Runs a command in it, which has to succeed, and gives what it printed."""
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
        }
        done = subprocess.run(
            ["chroot", self.root, *command], env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def apt(self, *arguments: str) -> str:
        return self.run(
            "apt-get", "-qq", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", *arguments
        )

    def install(self, package: Path) -> str:
        """Installs a package that is a file."""
        copy = self.root / "package" / package.name
        shutil.copy(package, copy)
        return self.apt("install", "--allow-downgrades", f"/package/{package.name}")

    def files(self) -> set[str]:
        """The paths of all that packages and programs have written."""
        found = set()
        for folder, folders, names in os.walk(self.root):
            place = Path(folder).relative_to(self.root)
            found.update(str(place / name) for name in folders + names)
        return {path for path in found if not f"{path}/".startswith(NOT_OF_A_PACKAGE)} - set(NOT_OF_A_PACKAGE)

    def path(self, path: str) -> Path:
        """Where a file of it is for us."""
        return self.root / path.lstrip("/")
