"""Patroni's REST API: who is what, and a switchover."""

import base64
import http.client
import json
import time

from .layout import ADDRESS, POSTGRES, Failure

ANSWER_TIMEOUT = 5


class Patroni:
    """Asks any member that answers."""

    def __init__(self, layout):
        self.layout = layout

    def request(self, number, method, path, body=None):
        """Status, and body as JSON or text."""
        password = f"patroni:{self.layout.passwords['rest']}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(password).decode()}", "Content-Type": "application/json"}
        timeout = ANSWER_TIMEOUT if method == "GET" else 60
        connection = http.client.HTTPConnection(ADDRESS, self.layout.ports[f"rest-{number}"], timeout)
        try:
            connection.request(method, path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        return answer.status, json.loads(text) if text[:1] in ("{", "[") else text

    def members(self):
        """What the first member that answers says of each: its role, state and lag by name."""
        for number in range(1, POSTGRES + 1):
            try:
                found = self.request(number, "GET", "/cluster")[1]["members"]
                return {member["name"]: member for member in found}
            except (OSError, http.client.HTTPException, KeyError, TypeError):
                continue
        return {}

    def number_of(self, *roles):
        """The number of the member in this role, or None."""
        found = (name for name, member in self.members().items() if member.get("role") in roles)
        return next((int(name.rpartition("-")[2]) for name in found), None)

    @property
    def leader(self):
        return self.number_of("leader")

    @property
    def synchronous(self):
        return self.number_of("sync_standby")

    def is_whole(self):
        """Whether all members run, on one timeline, and one of them has what is committed."""
        members = self.members().values()
        states = [member["state"] for member in members]
        timelines = {member.get("timeline") for member in members}
        is_close = all(member.get("lag", 0) in range(1 << 20) for member in members)
        roles = [member["role"] for member in members]
        return (states.count("running") + states.count("streaming") == POSTGRES and len(timelines) == 1 and is_close
                and roles.count("leader") == 1 and roles.count("sync_standby") == 1)

    def switchover(self, leader, candidate):
        """Has another member take over; returns when it has."""
        body = {"leader": f"postgres-{leader}", "candidate": f"postgres-{candidate}"}
        status, text = self.request(leader, "POST", "/switchover", body)
        if status != 200:
            raise Failure(f"the switchover is refused: {status} {text}")

    def wait_until_whole(self, seconds):
        until = time.monotonic() + seconds
        while not self.is_whole():
            if time.monotonic() > until:
                raise Failure(f"the members are not whole within {seconds} s: {self.members()}")
            time.sleep(0.5)
