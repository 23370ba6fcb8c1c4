"""What release 0.1.0 had stored (tests/cases/release-0.1.0.sql), and how a later version goes on with it."""

import email
import email.policy
import json
import os
import re
import subprocess

import release
from chroot import Chroot
from service import call, free_port, until

STATE = "/var/lib/invitation-service"
# The key with which that release made its links, and the one that it had mailed to Dave.
KEY = "a key for tests that nobody else has"
MAILED = "Aaz3Gc8BoiIGygBxfIEfFqpxLDOQAAAAASolPLsxlCC79srYuoXAZX1Kg2pJzJp3Ezp7MY9MiA_d"
PASSWORD = "seven green bicycles sing"


class DatabaseOfTheRelease:
    def __init__(self, name: str) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # Letters are sent by a process of its own where that is possible.
        self.has_courier = name == "PostgreSQL"
        self.courier_url = f"http://127.0.0.1:{free_port()}"

    def settings(self, chroot: Chroot) -> dict[str, str]:
        """Makes the database, and gives the settings that lead to it."""
        # What the release stored gets older than any retention.
        own = {"LISTEN_ADDR": f"127.0.0.1:{self.port}", "SECRET_KEY": KEY, "RETENTION": "off"}
        if self.name == "SQLite":
            user = "invitation-service"
            chroot.run("install", "-d", "-m", "0700", "-o", user, "-g", user, f"{STATE}/data")
            release.make_sqlite(str(chroot.path(f"{STATE}/data/invitations.db")))
            chroot.run("chown", "invitation-service:", f"{STATE}/data/invitations.db")
            return own
        server = os.environ["TEST_POSTGRES_URL"]
        psql = os.path.join(os.environ["PGBIN"], "psql")
        subprocess.run([psql, "-q", server, "-c", "CREATE DATABASE of_the_release"], check=True)
        url = f"{server.rsplit('/', 1)[0]}/of_the_release"
        release.make_postgres(url)
        address = self.courier_url.removeprefix("http://")
        return own | {
            "DATABASE_URL": url, "SERVE_OPTIONS": "--no-courier", "COURIER_OPTIONS": f"--metrics-addr {address}",
        }

    def token(self, chroot: Chroot) -> str:
        printed = chroot.run(
            "env", f"SECRET_KEY={KEY}", "invitation-service", "token", "--role", "admin", "--subject", "Grace Hopper"
        )
        return next(line for line in printed.splitlines() if line.count(".") == 2 and " " not in line)

    def is_there(self, chroot: Chroot) -> None:
        """Nobody was lost."""
        token = self.token(chroot)
        status, counts = call(f"{self.url}/v1/invitations/counts", token=token)
        assert status == 200 and json.loads(counts)["total"] == 6, counts
        status, people = call(f"{self.url}/v1/users", token=token)
        assert status == 200 and len(json.loads(people)["data"]) == 5, people

    def goes_on(self, chroot: Chroot) -> None:
        """A password, a link that the release had mailed, and a letter that it had not sent yet."""
        self.is_there(chroot)
        sign_in = {"email": "ada@example.com", "password": PASSWORD}
        assert call(f"{self.url}/v1/auth/token", sign_in)[0] == 200
        self.activate(MAILED, "Dave", {"account": {"type": "consumer"}})
        letters = chroot.path(f"{STATE}/data/mail")
        found = until("the letter that waited is sent", lambda: list(letters.glob("*.eml")))
        letter = email.message_from_bytes(found[0].read_bytes(), policy=email.policy.default)
        text = letter.get_body(("plain",)).get_content()
        assert "erin@example.com" in str(letter["to"])
        self.activate(re.search(r"token=([\w-]{76})", text)[1], "Erin", {})

    def activate(self, token: str, name: str, more: dict) -> None:
        names = {"first_name": name, "last_name": "Example"}
        status, answer = call(f"{self.url}/v1/activations", {"token": token, "password": PASSWORD} | names | more)
        assert status == 201, answer
