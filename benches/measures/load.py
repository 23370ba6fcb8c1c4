"""Load over HTTP, by wrk."""

import itertools
import re
import threading

from programs import BENCHES, output
from service import token

_runs = itertools.count(1)


def wrk(script, url, clients, seconds, threads=1, **environment):
    """Answers a second to a script in ../load. Anything but success ends the run."""
    text = output(
        "wrk", "-t", threads, "-c", clients, "-d", f"{seconds}s", "-s", BENCHES / f"load/{script}.lua", url,
        **{"TOKEN": token(), "RUN": str(next(_runs)), **environment},
    )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if not rate or "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(f"bench: {script} had answers other than success\n{text}")
    return float(rate[1])


def invites(service, clients, seconds):
    """Invitations a second, each a request."""
    return wrk("invite", service.url, clients, seconds)


class Aside(threading.Thread):
    """Load in the background, to look at the service meanwhile."""

    def __init__(self, work, *arguments):
        super().__init__()
        self.work, self.arguments, self.outcome = work, arguments, None

    def run(self):
        try:
            self.outcome = self.work(*self.arguments)
        except SystemExit as error:
            self.outcome = error
