"""Debian's mail servers, each in a copy of this system's files that is forgotten at the end."""

import smtplib
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import recipes

CONFIGURATION = Path(__file__).resolve().parent / "configuration"
SUBMISSION = 2525
START_LIMIT = 45


class Root:
    """A copy of this system's files, with a mail server in it."""

    def __init__(self, *folders):
        """With the packages in these folders."""
        work = Path("/mnt")
        mount("-t", "tmpfs", "none", work)
        for name in ("upper", "work", "root"):
            (work / name).mkdir()
        self.path = work / "root"
        mount("-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={work}/upper,workdir={work}/work", self.path)
        mount("--rbind", "/dev", self.path / "dev")
        mount("-t", "proc", "proc", self.path / "proc")
        mount("-t", "tmpfs", "none", self.path / "run")
        mount("-t", "tmpfs", "-o", "mode=1777", "none", self.path / "tmp")
        for package in sorted(package for folder in folders for package in Path(folder).glob("*.deb")):
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

    def user(self, name, number, *groups, home="/var/empty"):
        with open(self.path / "etc/passwd", "a") as file:
            file.write(f"{name}:x:{number}:{number}::{home}:/usr/sbin/nologin\n")
        with open(self.path / "etc/group", "a") as file:
            file.write(f"{name}:x:{number}:\n" + "".join(f"{group}:x:{number + 100 + at}:\n" for at, group in enumerate(groups)))

    def run(self, *command, check=True, text=None):
        return subprocess.run(["chroot", self.path, *command], check=check, input=text, stdout=sys.stderr)

    def output(self, *command):
        done = subprocess.run(["chroot", self.path, *command], capture_output=True, text=True, errors="replace")
        return done.stdout + done.stderr

    def begin(self, *command):
        log = open(self.path / "tmp/server.log", "ab")
        return subprocess.Popen(["chroot", self.path, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def text(self, name):
        file = self.path / name
        return file.read_text(errors="replace") if file.exists() else ""

    def install(self, service, secret, user):
        """The service's program, and the secret of those who pass returned mail on, for this user alone."""
        self.user(user, 905, home=f"/home/{user}")
        program = self.path / "usr/bin/invitation-service"
        program.touch()
        mount("--bind", service, program)
        self.write(recipes.SECRET_FILE.lstrip("/"), f"{secret}\n")
        self.run("chown", f"{user}:{user}", recipes.SECRET_FILE)
        self.run("chmod", "400", recipes.SECRET_FILE)


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def configuration(*names):
    return "".join((CONFIGURATION / name).read_text() for name in names)


@dataclass
class Server:
    """A mail server that runs."""

    # Passes one of the letters of letters.py to it.
    send: Callable
    # Lets it try at once what waits in its queue.
    hurry: Callable = lambda: None
    # What waits, and what it has logged.
    queue: Callable = lambda: ""
    log: Callable = lambda: ""
    # What its log says of a message that `invitation-service bounce` did not take.
    kept: str = ""
    # Whether it reports that a letter is late.
    notes_delays: bool = True
    # Whether its report on a letter that it gave up has the last reply that it got.
    has_last_reply: bool = True


def postfix(root, live=False):
    return start_postfix(root, *(live_postfix() if live else (configuration("main.cf"), configuration("master.cf"))))


def live_postfix(*more):
    """The text of main.cf and of master.cf, with the recipe; `more` are names of files before these."""
    master, main = recipes.postfix()
    files = ["", "live-", *more]
    texts = [configuration(*(f"{beginning}{name}.cf" for beginning in files)) for name in ("main", "master")]
    return texts[0] + main, texts[1] + master


def start_postfix(root, main, master):
    root.user("postfix", 901, "postdrop")
    root.write("etc/postfix/main.cf", main)
    root.write("etc/postfix/master.cf", master)
    root.run("mkdir", "-p", "/var/lib/postfix", "/var/spool/postfix")
    root.run("chown", "postfix:postfix", "/var/lib/postfix")
    root.run("chgrp", "postdrop", "/usr/sbin/postdrop", "/usr/sbin/postqueue")
    root.begin("/usr/sbin/postfix", "start-fg")
    return Server(
        send=by_smtp, hurry=lambda: root.run("/usr/sbin/postqueue", "-f", check=False),
        queue=lambda: root.output("/usr/sbin/postqueue", "-p"), log=lambda: root.text("tmp/server.log"),
        kept="temporary failure",
    )


def exim(root, live=False):
    root.user("Debian-exim", 902)
    root.write("etc/exim4/exim4.conf", live_exim() if live else configuration("exim4.conf"))
    root.run("chown", "root:root", "/etc/exim4/exim4.conf")
    root.run("mkdir", "-p", "/var/spool/exim4", "/var/log/exim4", "/run/exim4")
    root.run("chown", "-R", "Debian-exim:Debian-exim", "/var/spool/exim4", "/var/log/exim4", "/run/exim4")
    root.begin("/usr/sbin/exim4", "-bdf", "-q1s")
    return Server(
        send=by_smtp, hurry=lambda: root.run("/usr/sbin/exim4", "-qf", check=False),
        queue=lambda: root.output("/usr/sbin/exim4", "-bp"),
        log=lambda: root.text("var/log/exim4/mainlog") + root.text("tmp/server.log"),
        kept="defer (0): Child process of invitations transport returned 75",
    )


def live_exim():
    """The recipe's router comes before the others, its transport anywhere."""
    router, transport = recipes.exim()
    text = configuration("exim4-live.conf")
    return text.replace("begin routers\n", f"begin routers\n{router}").replace(
        "begin transports\n", f"begin transports\n{transport}"
    )


def opensmtpd(root, live=False):
    root.user("opensmtpd", 903)
    root.user("opensmtpq", 904)
    root.write("etc/smtpd.conf", configuration("smtpd-live.conf" if live else "smtpd.conf"))
    if live:
        home = f"home/{recipes.ENVELOPE_FROM.split('@')[0]}"
        root.write(f"{home}/.forward", recipes.forward())
        root.run("chown", "-R", "905:905", f"/{home}")
        root.run("chmod", "755", f"/{home}")
        root.run("chmod", "600", f"/{home}/.forward")
    root.run("mkdir", "-p", "/var/empty", "/run/opensmtpd", "/var/spool/smtpd", "/var/lib/opensmtpd")
    root.run("chmod", "711", "/var/spool/smtpd", "/var/lib/opensmtpd")
    root.run("chgrp", "opensmtpq", "/usr/sbin/smtpctl")
    root.run("chmod", "2755", "/usr/sbin/smtpctl")
    root.begin("/usr/sbin/smtpd", "-d")
    return Server(
        # Its next attempt would be minutes away.
        send=by_smtp, hurry=lambda: root.run("/usr/sbin/smtpctl", "schedule", "all", check=False),
        queue=lambda: root.output("/usr/sbin/smtpctl", "show", "queue"), log=lambda: root.text("tmp/server.log"),
        kept="Error (temporary failure", has_last_reply=False,
    )


def dma(root, live=False):
    root.write("etc/dma/dma.conf", configuration("dma.conf"))
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

    if not live:
        return Server(send=send, hurry=age)
    # It takes letters from programs alone: a Postfix stands before it, and gets what it returns.
    before = start_postfix(root, *live_postfix("dma-"))

    def hurry():
        age()
        before.hurry()

    return Server(
        send=send, hurry=hurry, queue=lambda: before.queue() + root.output("/usr/sbin/dma", "-bp"), log=before.log,
        kept=before.kept, notes_delays=False, has_last_reply=False,
    )


SERVERS = {"postfix": postfix, "exim": exim, "opensmtpd": opensmtpd, "dma": dma}


def connected():
    """A session with the server, which may have to start first."""
    deadline = time.monotonic() + START_LIMIT
    while True:
        try:
            return smtplib.SMTP("127.0.0.1", SUBMISSION, "invite.voltmark.example", timeout=10)
        except (ConnectionError, smtplib.SMTPServerDisconnected):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def by_smtp(letter):
    with connected() as server:
        server.sendmail(letter.sender, [letter.recipient], letter.message.encode())
