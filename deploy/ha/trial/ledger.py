"""What the clients of a trial were answered."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Ledger:
    """Filled by all clients at once. Times are those of the monotonic clock."""

    # When each acknowledgement came; the invitation's id by the address.
    times: list = field(default_factory=list)
    ids: dict = field(default_factory=dict)
    # How many answers of each kind there were.
    answers: Counter = field(default_factory=Counter)
    # The longest that one request took from its first attempt to its acknowledgement.
    longest: float = 0
    wrong: list = field(default_factory=list)
    # When something was done to the cluster, and what.
    marks: list = field(default_factory=list)
    # When clients were asked to end: from then on, ever fewer invite.
    end: float = float("inf")
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, kind):
        with self.lock:
            self.answers[kind] += 1

    def acknowledged(self, email, invitation, since):
        now = time.monotonic()
        with self.lock:
            self.times.append(now)
            self.longest = max(self.longest, now - since)
            if self.ids.setdefault(email, invitation) != invitation:
                self.wrong.append(f"{email} has two invitations")

    def fault(self, words):
        with self.lock:
            self.wrong.append(words)

    def mark(self, words):
        self.marks.append((time.monotonic(), words))

    @property
    def gap(self):
        """The longest time without an acknowledgement to any client, while all of them invite."""
        times = sorted(when for when in self.times if when <= self.end)
        if self.end < float("inf"):
            times.append(self.end)
        return max((later - earlier for earlier, later in zip(times, times[1:])), default=float("inf"))

    def acknowledgements_since(self, moment):
        with self.lock:
            return sum(when > moment for when in self.times)
