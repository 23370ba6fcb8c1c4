"""What a unit of systemd says of a service: how it is started, and which system calls it may make."""

import re
import resource
import shlex
import subprocess
from pathlib import Path


class Unit:
    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        text = (root / "usr/lib/systemd/system" / name).read_text()
        pairs = [line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#")]
        self.settings = pairs

    def all(self, name: str) -> list[str]:
        """The values of a setting that may be given several times."""
        return [value for key, value in self.settings if key == name]

    def one(self, name: str) -> str:
        (value,) = self.all(name)
        return value

    def environment(self) -> dict[str, str]:
        """The variables of its files, as systemd reads simple lines, and those that systemd sets itself."""
        pattern = self.one("EnvironmentFile").lstrip("/")
        files = sorted(self.root.glob(pattern))
        assert files, f"no file {pattern}: systemd would not start it"
        lines = [line for file in files for line in file.read_text().splitlines()]
        pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
        user = self.one("User")
        own = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "USER": user, "LOGNAME": user}
        return own | {name: value.strip('"') for name, value in pairs}

    def command(self) -> list[str]:
        """`ExecStart`, whose word $NAME is the words of that variable."""
        environment = self.environment()
        words = []
        for word in self.one("ExecStart").split():
            variable = re.fullmatch(r"\$(\w+)", word)
            words += shlex.split(environment.get(variable[1], "")) if variable else [word]
        return words

    def start(self, trace: Path) -> list[str]:
        """The command of the host that starts it as systemd would, under strace: as its user, without
        capabilities, in its working directory, with nothing to write to but its state directory."""
        state = f"/var/lib/{self.one('StateDirectory')}"
        user, group = self.one("User"), self.one("Group")
        # In a container not even root may raise it.
        descriptors = min(int(self.one("LimitNOFILE")), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        variables = [f"{name}={value}" for name, value in self.environment().items()]
        inside = [
            "/usr/bin/setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--no-new-privs",
            "--inh-caps=-all", "--bounding-set=-all", "/usr/bin/env", "-i", f"--chdir={self.one('WorkingDirectory')}",
            *variables, *self.command(),
        ]
        mounts = (
            'set -eu; umask "$3"; mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; '
            'mount -t proc proc "$1/proc"; mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"; '
            'mount --bind "$1$2" "$1$2"; mount -o remount,bind,rw "$1$2"; shift 3; exec "$@"'
        )
        return [
            "unshare", "--mount", "--propagation", "private", "sh", "-c", mounts, "sh", str(self.root), state,
            self.one("UMask"), "prlimit", f"--nofile={descriptors}", "strace", "-f", "-qq",
            "-o", str(trace), "chroot", str(self.root), *inside,
        ]

    def allowed_calls(self) -> set[str]:
        """`SystemCallFilter`, with its groups taken apart. What is in @default is always allowed."""
        groups = taken_apart()
        allowed = set(groups["@default"])
        for word in " ".join(self.all("SystemCallFilter")).split():
            allowed |= groups[word] if word.startswith("@") else {word}
        return allowed


def taken_apart() -> dict[str, set[str]]:
    """Each group of system calls that systemd knows, with its calls."""
    printed = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter"], text=True, capture_output=True, check=True
    ).stdout
    groups: dict[str, set[str]] = {}
    name = ""
    for line in re.sub(r"\x1b\[[0-9;]*m", "", printed).splitlines():
        word = line.strip()
        if line.startswith("@"):
            name = word
            groups[name] = set()
        elif name and line.startswith(" ") and word and not word.startswith("#"):
            groups[name].add(word)
    while any(call.startswith("@") for calls in groups.values() for call in calls):
        for key, calls in groups.items():
            inner = {call for call in calls if call.startswith("@")}
            groups[key] = (calls - inner).union(*(groups[call] for call in inner))
    return groups


def made_calls(trace: Path) -> set[str]:
    """The system calls in a trace, from the start of the program on."""
    text = trace.read_text(errors="replace")
    text = text[text.index('execve("/usr/bin/invitation-service"'):]
    return set(re.findall(r"^\d+ +(\w+)\(", text, re.MULTILINE))
