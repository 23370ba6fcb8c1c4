"""10,000 returned messages at once, and a crash of the service among them, on both databases; see run."""

import http.client
import itertools
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import reports
from reports import KINDS
from service import Client, Postgres, Service, Sqlite, eventually
from sink import Sink

NUMBER = int(os.environ.get("REPORTS", "10000"))
# Of the messages: how many are there twice, and how many are not readable.
TWICE, NOISE = NUMBER // 50, min(NUMBER // 50, 500)
# How many clients pass messages on at the same time; those who run the command; and how many messages those have.
CLIENTS, COMMANDS, BY_COMMAND = 8, 2, NUMBER // 50
# When the service is killed, by the share of messages that it has taken.
CRASH = 0.4
# The most resident memory, in megabytes.
MAX_MEMORY = 128


class Message:
    """A message that is passed on."""

    def __init__(self, text, recipient, email, kind, number):
        self.text, self.recipient, self.email, self.kind, self.number = text, recipient, email, kind, number
        self.by_command = False

    @property
    def outcomes(self):
        return {self.kind.outcome, "repeated"} if self.kind else {"unread"}


class Passing:
    """Passes messages on until all are taken, or the service is gone."""

    def __init__(self, service, messages):
        self.service = service
        self.waiting = {False: iter([one for one in messages if not one.by_command]),
                        True: iter([one for one in messages if one.by_command])}
        self.lock, self.taken, self.left, self.wrong = threading.Lock(), [], [], []
        self.began = time.monotonic()
        workers = [self.work] * CLIENTS + [self.work_by_command] * COMMANDS
        self.threads = [threading.Thread(target=work) for work in workers]
        for thread in self.threads:
            thread.start()

    def finish(self):
        """The messages that were not taken."""
        for thread in self.threads:
            thread.join()
        self.seconds = time.monotonic() - self.began
        return self.left + [*itertools.chain(*self.waiting.values())]

    def next(self, by_command):
        with self.lock:
            return next(self.waiting[by_command], None)

    def work(self):
        client = Client(self.service.port)
        while message := self.next(False):
            try:
                status, outcome = client.pass_on(message.text, message.recipient)
            except (OSError, http.client.HTTPException):
                self.left.append(message)
                return
            if status in (429, 503):
                # As a mail server does.
                self.left.append(message)
            else:
                self.note(message, status == 200, outcome)

    def work_by_command(self):
        command = [self.service.program, "bounce", "--url", f"http://127.0.0.1:{self.service.port}",
                   "--secret-file", str(self.service.secret_file)]
        while message := self.next(True):
            to = ["--recipient", message.recipient] if message.recipient else []
            done = subprocess.run(command + to, input=message.text, capture_output=True)
            if done.returncode == 75:
                self.left.append(message)
                if self.service.process.poll() is not None:
                    return
            else:
                self.note(message, done.returncode == 0, done.stdout.decode().strip())

    def note(self, message, is_taken, outcome):
        self.taken.append((message, outcome))
        if not is_taken or outcome not in message.outcomes:
            self.wrong.append(f"a message about {message.email} is answered {outcome!r}")


def messages(letters):
    """Messages about all letters, some of them twice, and others that cannot be read, in no order."""
    chance = random.Random(7)
    found = []
    for number, letter in enumerate(letters):
        kind = KINDS[number % len(KINDS)]
        text = reports.message(letter, kind, number, returns_text=number % 2 == 0)
        # Every second one has its address in its header alone.
        found.append(Message(text, letter.sender if number % 3 else None, letter.recipient, kind, number))
    found += chance.sample(found, TWICE)
    found += [Message(reports.noise(number), None, None, None, number) for number in range(NOISE)]
    chance.shuffle(found)
    for message in chance.sample(found, BY_COMMAND):
        message.by_command = True
    return found


def invite(service, sink):
    """The letters of so many invitations, once all are sent."""
    client = Client(service.port, timeout=120)
    for first in range(0, NUMBER, 1000):
        people = [f"person-{number}@example.com" for number in range(first, min(first + 1000, NUMBER))]
        batch = {"invitations": [{"kind": "system_user", "email": email, "roles": ["viewer"]} for email in people]}
        answers = service.call("POST", "/v1/invitations/batch", batch, client)["results"]
        assert all(answer["status"] == "invited" for answer in answers), answers[0]
    waiting = "/v1/invitations?limit=1&delivery=queued,sending"
    eventually("all letters are sent", lambda: not service.call("GET", waiting)["data"], 300)
    letters = sorted(sink.letters, key=lambda letter: letter.recipient)
    assert len(letters) == NUMBER, f"{len(letters)} letters were sent"
    return letters


def stored_errors(service, taken):
    """What the service has not stored of messages that it has taken."""
    found = service.invitations()
    unread = service.run("bounce", "--unread").stdout
    offers = set(re.findall(r"Offer number (\d+)\.", unread))
    wrong = []
    for message, _ in taken:
        if message.kind is None:
            if str(message.number) not in offers:
                wrong.append(f"the unread message {message.number} was taken and is not kept")
        elif (state := found[message.email]["delivery"]["state"]) != message.kind.state:
            wrong.append(f"a report on {message.email} was taken, and it is {state}")
    return wrong


def final_errors(service, everything):
    """What is wrong once all messages are taken: states, numbers, and entries of timelines."""
    kinds = {message.email: message.kind for message in everything if message.kind}
    wrong, found = stored_errors(service, [(message, "") for message in everything]), service.invitations()
    clients = threading.local()

    def timeline(invitation):
        if not hasattr(clients, "client"):
            clients.client = Client(service.port)
        events = service.events(invitation["id"], clients.client)
        return invitation["email"], [event["type"] for event in events if event["actor"]["id"] == "dsn"]

    with ThreadPoolExecutor(4) as pool:
        for email, types in pool.map(timeline, found.values()):
            expected = [kinds[email].event] if kinds[email].event else []
            if types != expected:
                wrong.append(f"the timeline of {email} has {types} from returned mail, not {expected}")
    expected = {}
    for kind in kinds.values():
        expected[kind.state] = expected.get(kind.state, 0) + 1
    by_state = service.call("GET", "/v1/delivery")["periods"][0]["letters"]["by_state"]
    by_state = {state: number for state, number in by_state.items() if number}
    if by_state != expected:
        wrong.append(f"GET /v1/delivery has {by_state}, not {expected}")
    return wrong


def try_database(kind, folder):
    """Prints a row: what is wrong."""
    with Sink() as sink, Service(folder, kind(folder), sink.port) as service:
        everything = messages(invite(service, sink))
        service.forget_peak()
        first = Passing(service, everything)
        eventually("enough is taken", lambda: len(first.taken) >= CRASH * len(everything), 300)
        peak = service.memory()[0]
        service.kill()
        left = first.finish()
        service.start()
        wrong = first.wrong + stored_errors(service, first.taken)
        taken, seconds, repeated, passing = len(first.taken), first.seconds, 0, None
        # What is left is tried again, as often as a mail server would.
        while left:
            passing = Passing(service, left)
            left = passing.finish()
            taken, seconds = taken + len(passing.taken), seconds + passing.seconds
            repeated += sum(outcome == "repeated" for _, outcome in passing.taken)
            wrong += passing.wrong
            assert service.process.poll() is None, "the service has ended"
        peak = max(peak, service.memory()[0])
        wrong += final_errors(service, everything)
        if taken != len(everything):
            wrong.append(f"{taken} messages were taken")
        if peak > MAX_MEMORY:
            wrong.append(f"it took {peak:.0f} MB")
    figures = NUMBER, len(everything), len(first.taken), repeated, f"{taken / seconds:,.0f}", f"{peak:.0f}"
    print(f"| {kind.name} | {' | '.join(map(str, figures))} | {'; '.join(wrong[:5]) or 'nothing lost, nothing twice'} |", flush=True)
    return wrong


def main():
    print("| database | letters | messages | taken before the crash | repeated after it | messages/s | memory, MB | |")
    print("|---|---|---|---|---|---|---|---|")
    wrong = []
    for kind in Sqlite, Postgres:
        with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
            try:
                wrong += try_database(kind, Path(folder))
            except BaseException:
                print(*(log.read_text(errors="replace")[-3000:] for log in Path(folder).glob("service.log")), file=sys.stderr)
                raise
    return len(wrong) > 0


sys.exit(main())
