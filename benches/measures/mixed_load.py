"""What a busy day of the service consists of: one worker does one thing after another."""

import base64
import http.client
import json
import secrets
import threading
from collections import Counter, deque

from programs import yardstick
from service import token

# What is done how often: (name, weight).
MIX = [("invite", 40), ("resend", 20), ("revoke", 10), ("activate", 5), ("report", 15), ("list", 10)]
REPORTS_SECRET = secrets.token_hex(16)
SECRET = base64.b64encode(f"any:{REPORTS_SECRET}".encode()).decode()
PASSWORD = "seven green bicycles sing at noon"
# Of the newest invitations, so that what is changed is spread over a day's work.
REMEMBERED = 2000


class Worker(threading.Thread):
    """Does things at random until it is stopped."""

    def __init__(self, service, database, chance, stop):
        super().__init__(daemon=True)
        self.service, self.database, self.chance, self.stop = service, database, chance, stop
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        self.pending = deque(maxlen=REMEMBERED)
        self.done, self.fault = Counter(), None

    def run(self):
        names, weights = zip(*MIX)
        try:
            while not self.stop.is_set():
                name = self.chance.choices(names, weights)[0]
                if name == "invite" or name == "list" or self.pending:
                    getattr(self, name)()
                    self.done[name] += 1
        except Exception as fault:  # Reported by the bench, which ends.
            self.fault = fault

    def invite(self):
        if self.chance.random() < 0.3:
            self.pending.append(self.invited("system-users", {"roles": ["viewer"]}))
        else:
            self.pending.append(self.invited("account-owners", {}))

    def invited(self, path, members):
        email = f"p{self.chance.getrandbits(60):x}@churn.example"
        return self.ask("POST", f"/v1/{path}/invitations", {"email": email, **members}, 201)["id"]

    def resend(self):
        self.ask("POST", f"/v1/invitations/{self.chance.choice(self.pending)}/resend", None, 200)

    def revoke(self):
        self.ask("POST", f"/v1/invitations/{self.taken()}/revoke", None, 200)

    def activate(self):
        [link] = yardstick("links", stdin=f"{self.invited('system-users', {'roles': ['viewer']})}\n").split()
        body = {"token": link, "first_name": "Ada", "last_name": "Lovelace", "password": PASSWORD}
        self.ask("POST", "/v1/activations", body, 201)

    def report(self):
        id = self.chance.choice(self.pending)
        [[letter]] = self.database.query(f"SELECT id FROM letters WHERE invitation_id = '{id}' ORDER BY id DESC LIMIT 1")
        event = {"RecordType": "Delivery", "ID": self.chance.getrandbits(48), "MessageID": f"{self.chance.getrandbits(64):x}", "Metadata": {"letter": letter}}
        self.ask("POST", "/v1/mail-events/postmark", event, 200, f"Basic {SECRET}")

    def list(self):
        self.ask("GET", self.chance.choice(["/v1/invitations?status=pending", "/v1/users", "/v1/invitations/counts"]), None, 200)

    def taken(self):
        """One of the pending invitations, which is none any more."""
        self.pending.rotate(self.chance.randrange(len(self.pending)))
        return self.pending.pop()

    def ask(self, method, path, body, expected, authorization=None):
        headers = {"Authorization": authorization or f"Bearer {token()}", "Content-Type": "application/json"}
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != expected:
            raise RuntimeError(f"{method} {path} was answered {answer.status}: {text.decode()}")
        return json.loads(text) if text else None
