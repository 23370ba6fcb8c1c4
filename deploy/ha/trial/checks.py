"""Whether what was acknowledged is there, and its letter was sent once."""

import http.client
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from cluster.layout import FOLDER

from .load import Client

# A courier that was killed leaves its letters to others after a minute; couriers that noticed an outage of the
# database wait for half a minute more.
LETTERS_TIMEOUT = 180
# Answers that clients may get, beside 2xx. The second one comes where a process died, or lost its database, after it
# had taken the key of a request: for up to a minute a retry is answered so, with Retry-After.
ALLOWED = ("2xx", "503")
KNOWN = "409 idempotency_in_progress"


def lost(ledger, port, token):
    """Of what was acknowledged: what the API does not have."""
    local = threading.local()

    def is_there(item):
        email, invitation = item
        if not hasattr(local, "client"):
            local.client = Client(port, token)
        for _ in range(10):
            try:
                status, _, answer = local.client.request("GET", f"/v1/invitations/{invitation}")
            except (OSError, http.client.HTTPException):
                continue
            if status != 503:
                return status == 200 and answer["email"] == email
            time.sleep(1)
        return False

    with ThreadPoolExecutor(4) as pool:
        items = list(ledger.ids.items())
        return [email for (email, _), found in zip(items, pool.map(is_there, items)) if not found]


def letters():
    """How many letters the relay has accepted for each address."""
    lines = (FOLDER / "letters.log").read_text().splitlines()
    return Counter(line.split()[1] for line in lines if " " in line)


def wait_for_letters(ledger):
    """What there is, once each person has a letter, or after some time. A second one may follow the first."""
    until = time.monotonic() + LETTERS_TIMEOUT
    while time.monotonic() < until and not ledger.ids.keys() <= letters().keys():
        time.sleep(1)
    time.sleep(5)
    return letters()
