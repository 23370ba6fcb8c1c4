"""The service, and one mail server before and behind it, in name spaces of their own; see live.py."""

import json
import os
import sys
import threading
import time
from pathlib import Path

import network
import recipes
from live_cases import CASES, DOWN, errors, overview_errors
from mail_servers import SERVERS, SUBMISSION, Root, connected
from service import SECRET, Postgres, Service, Sqlite, eventually

# The port that the recipes name.
PORT = 8080
RETURN_LIMIT = 120
HURRY = 4


def main():
    name, results, *packages = sys.argv[1:]
    ends = lambda key: {case.local: getattr(case, key) for case in (*CASES, DOWN) if getattr(case, key)}
    network.start(ends("reply"), ends("final_reply"))
    root = Root(*packages)
    # The user whom the recipe names, or whose mailbox it is.
    root.install(os.environ["SERVICE"], SECRET, "bounces" if name == "opensmtpd" else recipes.USER)
    server, rows = SERVERS[name](root, live=True), []
    for kind in Sqlite, Postgres:
        try:
            connected().quit()
            folder = Path("/srv") / kind.name
            folder.mkdir()
            rows += try_database(server, kind(folder), folder)
        except Exception as error:
            rows.append((kind.name, "all of it", "", "", [f"{type(error).__name__}: {error}"]))
    Path(results).write_text(json.dumps(rows))
    if any(wrong for *_, wrong in rows):
        print(server.log()[-6000:], server.queue()[-3000:], sep="\n", file=sys.stderr)
        for log in Path("/srv").glob("*/service.log"):
            print(log.read_text(errors="replace")[-3000:], file=sys.stderr)
    # The server's processes end with this one.
    sys.stderr.flush()
    os._exit(0)


def try_database(server, database, folder):
    """A row for each letter: database, refusal, state, reason, and what is wrong."""
    name = database.name
    with Service(folder, database, SUBMISSION, PORT) as service:
        ids = {case: service.invite(case.address(name)) for case in CASES}
        seen = wait(service, server, ids)
        ids[DOWN] = while_down(service, server, DOWN.address(name))
        eventually("all reports are passed on", lambda: "bounces+" not in server.queue())
        suppressed = {one["email"] for one in service.call("GET", "/v1/suppressions")["data"]}
        rows = []
        for case, id in ids.items():
            invitation = service.call("GET", f"/v1/invitations/{id}")
            wrong = errors(case, server, invitation, service.events(id), case.address(name) in suppressed)
            if case.is_late and server.notes_delays and "deferred" not in seen[case]:
                wrong.append(f"it was never deferred, but {seen[case]}")
            delivery = invitation["delivery"]
            rows.append((name, case.refusal, delivery["state"], delivery.get("reason") or "", wrong))
        overview = service.call("GET", "/v1/delivery")
        rows.append((name, "GET /v1/delivery", "", "", overview_errors(overview, list(ids), name, server)))
    return rows


def wait(service, server, ids):
    """Until every letter has the state that it must end in: the states that each had."""
    seen = {case: [] for case in ids}
    began = hurried = time.monotonic()
    while time.monotonic() < began + RETURN_LIMIT:
        for case, id in ids.items():
            state = service.call("GET", f"/v1/invitations/{id}")["delivery"]["state"]
            if seen[case][-1:] != [state]:
                seen[case].append(state)
        if all(states[-1] == case.state for case, states in seen.items()):
            break
        if time.monotonic() > hurried + HURRY:
            server.hurry()
            hurried = time.monotonic()
        time.sleep(0.2)
    return seen


def while_down(service, server, address):
    """The service is killed before a letter that the relay has accepted is refused, and starts again later."""
    held = network.MailServer.held[DOWN.local] = threading.Event()
    try:
        id = service.invite(address)
        state = lambda: service.call("GET", f"/v1/invitations/{id}")["delivery"]["state"]

        def is_on_its_way():
            # dma and OpenSMTPD may need a push.
            return state() == "sent" and address in network.MailServer.named

        eventually("the letter is on its way", is_on_its_way)
        before = server.log().count(server.kept)
        service.kill()
    finally:
        held.set()

    def is_kept():
        server.hurry()
        time.sleep(1)
        return "bounces+" in server.queue() and server.log().count(server.kept) > before

    eventually("the server keeps the report while the service is down", is_kept)
    service.start()

    def is_bounced():
        server.hurry()
        time.sleep(1)
        return state() == DOWN.state

    eventually("the report comes after the restart", is_bounced)
    return id


main()
