"""Hostile messages to the running service, on both databases: none changes a letter, each within bounds; see run."""

import select
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hostile_messages
import reports
from service import SECRET, Client, Postgres, Service, Sqlite, eventually, memory_of
from sink import Sink

# How long an answer may take in seconds, and how much memory in megabytes: one message, and many at once.
ONE, AT_ONCE = (2.0, 40), (20.0, 120)
# The most memory of the command, in megabytes.
MAX_COMMAND = 40
# How many clients send at once, each from its own address, and how often.
CLIENTS, ROUNDS = 32, 4
LARGE = 20 * 1024 * 1024
PEOPLE = 8


def invite(service, sink):
    for number in range(PEOPLE):
        service.invite(f"person-{number}@example.com")
    eventually("all letters are sent", lambda: len(sink.letters) == PEOPLE and not waiting(service))
    return sink.letters


def waiting(service):
    return service.call("GET", "/v1/invitations?limit=1&delivery=queued,sending")["data"]


def everything(service):
    """All that a message could have changed: deliveries, timelines, and suppressed addresses."""
    found = service.invitations()
    return (
        {email: (one["delivery"], service.events(one["id"])) for email, one in found.items()},
        service.call("GET", "/v1/suppressions")["data"],
    )


class Table:
    """The worst of each kind of message: how it was answered, time and memory."""

    def __init__(self):
        self.rows, self.wrong = {}, []

    def add(self, name, answer, seconds, growth, is_right, limits=ONE):
        answers, most, memory = self.rows.get(name, (set(), 0, 0))
        self.rows[name] = answers | {answer}, max(most, seconds), max(memory, growth)
        if not is_right:
            self.wrong.append(f"{name}: {answer}")
        if seconds > limits[0]:
            self.wrong.append(f"{name}: {seconds:.1f} s")
        if growth > limits[1]:
            self.wrong.append(f"{name}: {growth:.0f} MB more")

    def print(self):
        print("| message | answer | at most ms | memory, MB more |\n|---|---|---|---|")
        for name, (answers, seconds, growth) in self.rows.items():
            print(f"| {name} | {', '.join(sorted(answers))} | {1000 * seconds:.0f} | {growth:.0f} |")


def measured(service, work):
    """What it gives, how long it took, and by how much the service's memory grew meanwhile."""
    service.forget_peak()
    before, began = service.memory()[1], time.monotonic()
    given = work()
    return given, time.monotonic() - began, max(0, service.memory()[0] - before)


def one_by_one(service, letters, table):
    client = Client(service.port)
    for one in hostile_messages.all_of(letters[0], letters[1]):
        work = lambda: client.pass_on(one.text, one.recipient)
        (status, outcome), seconds, growth = measured(service, work)
        answer = outcome if status == 200 else f"{status} {outcome}"
        table.add(one.name, answer, seconds, growth, status == 200 and outcome in one.outcomes)


def large(service, letters, table):
    """20 MB by HTTP, with and without its length, and by the command, which passes the beginning on."""
    beginning = reports.report(letters[0], reports.NO_USER).partition("Action:")[0].encode()
    text = hostile_messages.filled(beginning, b"x" * 78 + b"\r\n")
    text += b"y" * (LARGE - len(text))
    for name, in_chunks in ("20 MB", False), ("20 MB in chunks", True):
        status, seconds, growth = measured(service, lambda: posted(service, text, in_chunks))
        table.add(name, str(status), seconds, growth, status == 413)
    command = [service.program, "bounce", "--url", f"http://127.0.0.1:{service.port}", "--secret-file", service.secret_file,
               "--recipient", letters[0].sender]
    (code, outcome, own), seconds, growth = measured(service, lambda: run(command, text))
    is_right = code == 0 and outcome in ("unread", "forged") and own < MAX_COMMAND
    table.add("20 MB by the command", f"exit {code} {outcome}", seconds, growth, is_right)
    return own


def posted(service, text, in_chunks):
    """The status, also where the service answers before it has all of the text."""
    length = "Transfer-Encoding: chunked" if in_chunks else f"Content-Length: {len(text)}"
    head = ("POST /v1/mail-events/dsn HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {SECRET}", "Content-Type: message/rfc822",
            length, "", "")
    with socket.create_connection(("127.0.0.1", service.port), 30) as connection:
        connection.sendall("\r\n".join(head).encode())
        for at in range(0, len(text), 65536):
            chunk = text[at : at + 65536]
            if select.select([connection], [], [], 0)[0]:
                break
            try:
                connection.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk) if in_chunks else chunk)
            except OSError:
                break
        return int(connection.makefile("rb").readline().split()[1])


def run(command, text):
    """Exit code and output of the command, and the most memory that it was seen to take."""
    process, peak = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE), 0
    process.stdin.write(text)
    process.stdin.close()
    while process.poll() is None:
        try:
            peak = max(peak, memory_of(process.pid)[0])
        except (KeyError, OSError):
            # It has ended meanwhile.
            pass
        time.sleep(0.002)
    return process.returncode, process.stdout.read().decode().strip(), peak


def at_once(service, letters, table):
    """The largest ones from many addresses at the same time."""
    largest = sorted(hostile_messages.all_of(letters[0], letters[1]), key=lambda one: -len(one.text))[:CLIENTS]

    def send(number):
        client, answers, longest = Client(service.port, f"127.0.1.{number + 1}"), set(), 0
        for turn in range(ROUNDS):
            one, began = largest[(number + turn) % len(largest)], time.monotonic()
            answers.add(client.pass_on(one.text, one.recipient)[0])
            longest = max(longest, time.monotonic() - began)
        return answers, longest

    def work():
        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(send, range(CLIENTS)))

    found, _, growth = measured(service, work)
    answers, longest = set().union(*(answers for answers, _ in found)), max(longest for _, longest in found)
    # 503: those who wait for too long may try again.
    answer = " or ".join(map(str, sorted(answers)))
    table.add(f"{CLIENTS * ROUNDS} at once", answer, longest, growth, answers <= {200, 503}, AT_ONCE)


def try_database(kind, folder, table):
    with Sink() as sink, Service(folder, kind(folder), sink.port) as service:
        letters = invite(service, sink)
        before, began = everything(service), service.memory()[1]
        one_by_one(service, letters, table)
        own = large(service, letters, table)
        at_once(service, letters, table)
        if everything(service) != before:
            table.wrong.append(f"{kind.name}: a letter has changed")
        # It still reads what is genuine.
        letter = letters[2]
        answer = Client(service.port).pass_on(reports.message(letter, reports.NO_USER), letter.sender)
        if answer != (200, "bounced"):
            table.wrong.append(f"{kind.name}: a genuine report is answered {answer}")
        return f"{kind.name} {began:.0f} MB before, {service.memory()[1]:.0f} MB after, the command {own:.0f} MB"


def main():
    table, memory = Table(), []
    for kind in Sqlite, Postgres:
        with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
            memory.append(try_database(kind, Path(folder), table))
    table.print()
    print(f"hostile messages: resident memory {'; '.join(memory)}.")
    print(f"hostile messages: {'; '.join(table.wrong) or 'none changed a letter, all within bounds'}.")
    return len(table.wrong) > 0


sys.exit(main())
