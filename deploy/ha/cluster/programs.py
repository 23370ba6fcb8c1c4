"""Where the programs are, installed or unpacked from Debian's packages, and how they are run."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from .layout import FOLDER, HERE, REPOSITORY, Failure

ROOT = FOLDER / "root"
# Debian's own interpreter, for which its modules are built.
PYTHON = "/usr/bin/python3"
PLACES = {
    "patroni": "usr/bin/patroni", "patronictl": "usr/bin/patronictl", "etcd": "usr/bin/etcd",
    "haproxy": "usr/sbin/haproxy", "pgbouncer": "usr/sbin/pgbouncer",
}


def installed(name):
    """The program, if the system has it."""
    return next((path for path in (Path("/", PLACES[name]), *map(Path, filter(None, [shutil.which(name)]))) if path.exists()), None)


def fetch():
    """Unpacks what is not installed."""
    if not all(map(installed, PLACES)) and not ROOT.exists():
        done = subprocess.run([HERE / "packages", FOLDER], check=False)
        if done.returncode:
            raise Failure("Debian's packages could not be unpacked")


def path_of(name):
    found = installed(name) or ROOT / PLACES[name]
    if not found.exists():
        raise Failure(f"there is no {name}")
    return found


def command(name):
    """The beginning of a command line. Python's programs run under Debian's interpreter."""
    path = path_of(name)
    return [PYTHON, "-B", str(path)] if name.startswith("patroni") else [str(path)]


def environment():
    """For all of them: nothing of the caller's is handed on."""
    folders = [str(postgres_folder()), "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    found = {"PATH": ":".join(folders), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    if ROOT.exists():
        found["PYTHONPATH"] = str(ROOT / "usr/lib/python3/dist-packages")
        found["LD_LIBRARY_PATH"] = ":".join(map(str, (ROOT / "usr/lib").glob("*-linux-gnu*")))
    return found


def postgres_folder():
    """The folder with the newest server's programs; Debian does not have them in PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    folders += [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    for folder in reversed(folders):
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise Failure("no PostgreSQL server found: apt-get install postgresql")


def pooling():
    """Lines of pgbouncer.ini: since 1.21 a server connection need not belong to one client."""
    done = subprocess.run([*command("pgbouncer"), "--version"], env=environment(), capture_output=True, text=True, check=True)
    version = tuple(map(int, re.search(r"(\d+)\.(\d+)", done.stdout).groups()))
    return "pool_mode = transaction\nmax_prepared_statements = 200" if version >= (1, 21) else "pool_mode = session"


def service():
    """The service's program."""
    found = Path(os.environ.get("SERVICE") or REPOSITORY / "target/release/invitation-service")
    if not found.exists():
        raise Failure(f"there is no {found}: cargo build --release, or SERVICE=PROGRAM")
    return found
