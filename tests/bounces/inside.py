"""Runs one mail server in name spaces of its own, sends it the letters, and keeps the reports; see servers.py."""

import os
import smtplib
import subprocess
import sys
import time
from pathlib import Path

import network
from letters import LETTERS

CONFIGURATION = Path(__file__).resolve().parent / "configuration"
SUBMISSION = 2525
PATIENCE = 45


class Root:
    """A copy of this system's files that is forgotten at the end, with a mail server in it."""

    def __init__(self, packages):
        work = Path("/mnt")
        mount("-t", "tmpfs", "none", work)
        for name in ("upper", "work", "root"):
            (work / name).mkdir()
        self.path = work / "root"
        mount("-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={work}/upper,workdir={work}/work", self.path)
        mount("--rbind", "/dev", self.path / "dev")
        mount("-t", "proc", "proc", self.path / "proc")
        mount("-t", "tmpfs", "none", self.path / "run")
        mount("-t", "tmpfs", "none", self.path / "tmp")
        for package in sorted(Path(packages).glob("*.deb")):
            # `dpkg-deb -x` would replace the link /lib by a folder.
            files = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, stdout=subprocess.PIPE).stdout
            subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C", self.path], input=files, check=True)
        self.write("etc/resolv.conf", "nameserver 127.0.0.1\nsearch .\n")
        self.write("etc/hosts", "127.0.0.1 localhost\n127.0.0.1 relay.voltmark.example relay\n")
        self.write("etc/mailname", "relay.voltmark.example\n")
        self.write("etc/hostname", "relay.voltmark.example\n")

    def write(self, name, text):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        # The library of names may be a link to somewhere else.
        file.unlink(missing_ok=True)
        file.write_text(text)

    def user(self, name, number, *groups):
        with open(self.path / "etc/passwd", "a") as file:
            file.write(f"{name}:x:{number}:{number}::/var/empty:/usr/sbin/nologin\n")
        with open(self.path / "etc/group", "a") as file:
            file.write(f"{name}:x:{number}:\n" + "".join(f"{group}:x:{number + 100 + at}:\n" for at, group in enumerate(groups)))

    def configure(self, name, to):
        self.write(to, (CONFIGURATION / name).read_text())

    def run(self, *command, check=True, text=None):
        return subprocess.run(["chroot", self.path, *command], check=check, input=text, stdout=sys.stderr)

    def begin(self, *command):
        log = open(self.path / "tmp/server.log", "ab")
        return subprocess.Popen(["chroot", self.path, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def postfix(root):
    root.user("postfix", 901, "postdrop")
    root.configure("main.cf", "etc/postfix/main.cf")
    root.configure("master.cf", "etc/postfix/master.cf")
    root.run("mkdir", "-p", "/var/lib/postfix", "/var/spool/postfix")
    root.run("chown", "postfix:postfix", "/var/lib/postfix")
    root.run("chgrp", "postdrop", "/usr/sbin/postdrop", "/usr/sbin/postqueue")
    root.begin("/usr/sbin/postfix", "start-fg")
    return by_smtp, lambda: None


def exim(root):
    root.user("Debian-exim", 902)
    root.configure("exim4.conf", "etc/exim4/exim4.conf")
    root.run("chown", "root:root", "/etc/exim4/exim4.conf")
    root.run("mkdir", "-p", "/var/spool/exim4", "/var/log/exim4", "/run/exim4")
    root.run("chown", "-R", "Debian-exim:Debian-exim", "/var/spool/exim4", "/var/log/exim4", "/run/exim4")
    root.begin("/usr/sbin/exim4", "-bdf", "-q1s")
    return by_smtp, lambda: root.run("/usr/sbin/exim4", "-qff", check=False)


def opensmtpd(root):
    root.user("opensmtpd", 903)
    root.user("opensmtpq", 904)
    root.configure("smtpd.conf", "etc/smtpd.conf")
    root.run("mkdir", "-p", "/var/empty", "/run/opensmtpd", "/var/spool/smtpd", "/var/lib/opensmtpd")
    root.run("chmod", "711", "/var/spool/smtpd", "/var/lib/opensmtpd")
    root.run("chgrp", "opensmtpq", "/usr/sbin/smtpctl")
    root.run("chmod", "2755", "/usr/sbin/smtpctl")
    root.begin("/usr/sbin/smtpd", "-d")
    # Its next attempt would be minutes away.
    return by_smtp, lambda: root.run("/usr/sbin/smtpctl", "schedule", "all", check=False)


def dma(root):
    root.configure("dma.conf", "etc/dma/dma.conf")
    root.write("etc/dma/auth.conf", "")
    root.run("mkdir", "-p", "/var/spool/dma")
    root.run("chown", "mail:mail", "/var/spool/dma")
    root.run("chgrp", "mail", "/usr/sbin/dma", "/etc/dma/dma.conf", "/etc/dma/auth.conf")
    root.run("chmod", "2775", "/var/spool/dma")
    root.run("chmod", "2755", "/usr/sbin/dma")

    def send(letter):
        root.run("/usr/sbin/dma", "-f", letter.sender, letter.recipient, text=letter.message.replace("\r\n", "\n").encode())

    def age():
        # It gives letters up after five days.
        root.run("sh", "-c", "touch -d '6 days ago' /var/spool/dma/*; /usr/sbin/dma -q", check=False)

    return send, age


def by_smtp(letter):
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", SUBMISSION, "invite.voltmark.example", timeout=10) as server:
                server.sendmail(letter.sender, [letter.recipient], letter.message.encode())
                return
        except (ConnectionError, smtplib.SMTPServerDisconnected):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def main():
    name, packages, reports = sys.argv[1:]
    subprocess.run(["hostname", "relay.voltmark.example"], check=False)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{network.RECIPIENTS}/32", "dev", "lo"], check=True)
    network.start()
    root = Root(packages)
    send, hurry = {"postfix": postfix, "exim": exim, "opensmtpd": opensmtpd, "dma": dma}[name](root)
    try:
        for letter in LETTERS:
            send(letter)
        missing = collect(Path(reports), hurry)
    except OSError as error:
        print(f"bounces: {name}: {error}", file=sys.stderr)
        missing = True
    log = root.path / "tmp/server.log"
    if missing and log.exists():
        print(log.read_text(errors="replace")[-3000:], file=sys.stderr)
    # The server's processes end with this one.
    sys.stderr.flush()
    os._exit(bool(missing))


def collect(reports, hurry):
    """Stores the reports; the letters without one are left."""
    missing = {letter.sender: letter for letter in LETTERS}
    hurried = time.monotonic()
    deadline = hurried + PATIENCE
    while missing and time.monotonic() < deadline:
        while network.MailServer.stored:
            recipients, report = network.MailServer.stored.pop()
            if letter := missing.pop(recipients[0], None):
                (reports / f"{letter.name}.eml").write_bytes(report)
        time.sleep(0.5)
        if time.monotonic() > hurried + 6:
            hurry()
            hurried = time.monotonic()
    return missing


main()
