"""The life of a package in a chroot: `tests/package/run` starts it with the unpacked Debian and the package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from chroot import Chroot
from old_data import DatabaseOfTheRelease
from service import Service

CONF = "/etc/invitation-service/service.conf"
STATE = "/var/lib/invitation-service"
# What reads each shell's completions: on this machine, where the shell is there.
COMPLETIONS = {
    "bash": "/usr/share/bash-completion/completions/invitation-service",
    "zsh": "/usr/share/zsh/vendor-completions/_invitation-service",
    "fish": "/usr/share/fish/vendor_completions.d/invitation-service.fish",
}
ENABLED = "/etc/systemd/system/multi-user.target.wants"


def say(words: str) -> None:
    print(f"package: {words}", flush=True)


def older(package: Path, folder: Path) -> Path:
    """The package as one of an earlier version, with another text in its conffile."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder], check=True)
    control = folder / "DEBIAN/control"
    lines = control.read_text().splitlines()
    control.write_text("".join(f"{'Version: 0.0.1-1' if line.startswith('Version:') else line}\n" for line in lines))
    conf = folder / CONF.lstrip("/")
    conf.write_text(conf.read_text() + "# Of an earlier version.\n")
    file = folder.with_suffix(".deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", folder, file], check=True,
                   stdout=subprocess.DEVNULL)
    return file


def is_installed(chroot: Chroot) -> None:
    """Files, users and links are as they should be."""
    entry = chroot.run("getent", "passwd", "invitation-service").strip().split(":")
    assert entry[5] == STATE and entry[6].endswith("nologin") and 100 <= int(entry[2]) < 1000, entry
    modes = chroot.run("stat", "--format=%n %a %U:%G", STATE, CONF, "/usr/bin/invitation-service")
    assert modes.splitlines() == [
        f"{STATE} 700 invitation-service:invitation-service", f"{CONF} 600 root:root",
        "/usr/bin/invitation-service 755 root:root",
    ], modes
    for name in ("invitation-service", "invitation-service-courier"):
        link = chroot.path(f"{ENABLED}/{name}.service")
        assert link.is_symlink() == (name == "invitation-service"), f"{name} is enabled, or is not"
    chroot.run("invitation-service", "--version")
    units = chroot.path("/usr/lib/systemd/system").glob("invitation-service*")
    verify = ["systemd-analyze", "verify", "--man=no", *units]
    verified = subprocess.run(verify, capture_output=True, text=True, check=False)
    # The program is in the chroot alone.
    complaints = [line for line in verified.stderr.splitlines() if "is not executable" not in line]
    assert not complaints, complaints
    for page in chroot.path("/usr/share/man").glob("man?/invitation-service*"):
        shown = subprocess.run(["man", "--warnings", "--encoding=utf8", "--local-file", page], capture_output=True,
                               text=True, check=True, env=os.environ | {"MANWIDTH": "100", "LC_ALL": "C.UTF-8"})
        assert not shown.stderr and "NAME" in shown.stdout, f"{page.name}: {shown.stderr}"


    for shell, path in COMPLETIONS.items():
        assert chroot.path(path).is_file(), path
        if shutil.which(shell):
            subprocess.run([shell, "-n", chroot.path(path)], check=True)
    chroot.run("bash", "-c", f"source {COMPLETIONS['bash']} && complete -p invitation-service")


def settings(chroot: Chroot, **variables: str) -> None:
    """What an administrator writes into the conffile."""
    chroot.path(CONF).write_text("".join(f"{name}={value}\n" for name, value in variables.items()))


def upgrade(chroot: Chroot, package: Path, earlier: Path, data: DatabaseOfTheRelease) -> None:
    """From an earlier version whose conffile was edited, with what the release had stored."""
    say(f"upgrade with data on {data.name}")
    chroot.install(earlier)
    is_installed(chroot)
    settings(chroot, **data.settings(chroot))
    written = chroot.path(CONF).read_text()
    chroot.install(package)
    is_installed(chroot)
    assert chroot.path(CONF).read_text() == written, "the administrator's settings were overwritten"
    with Service(chroot.root, "invitation-service.service", f"{data.url}/readyz"):
        if data.has_courier:
            with Service(chroot.root, "invitation-service-courier.service", f"{data.courier_url}/metrics"):
                data.goes_on(chroot)
        else:
            data.goes_on(chroot)


def main(base: Path, package: Path) -> None:
    chroot = Chroot(base)
    earlier = older(package, base.with_name("earlier"))
    depends = subprocess.run(["dpkg-deb", "--field", package, "Depends"], text=True, capture_output=True, check=True)
    chroot.apt("satisfy", depends.stdout.strip())
    before = chroot.files()

    say("installation")
    chroot.install(package)
    is_installed(chroot)
    chroot.apt("purge", "invitation-service")

    for kind in ("SQLite", "PostgreSQL"):
        data = DatabaseOfTheRelease(kind)
        upgrade(chroot, package, earlier, data)
        say("removal, and installation again")
        chroot.apt("remove", "invitation-service")
        assert not chroot.path("/usr/bin/invitation-service").exists()
        assert chroot.path(CONF).exists() and chroot.path(STATE).exists(), "removal takes settings or state"
        chroot.install(package)
        is_installed(chroot)
        with Service(chroot.root, "invitation-service.service", f"{data.url}/readyz"):
            data.is_there(chroot)
        say("purge")
        chroot.apt("purge", "invitation-service")
        left = chroot.files() - before
        assert not left, f"purge leaves {sorted(left)}"
        chroot.run("getent", "passwd", "invitation-service")
    say("everything holds")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
