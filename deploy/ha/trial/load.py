"""Clients that invite people without end: each asks again until it is acknowledged, as `Retry-After` says."""

import http.client
import json
import threading
import time

CLIENTS = 16
# Between an answer and the client's next request, in seconds: all clients together make 160 requests a second at most.
PAUSE = 0.1
# After an answer that says nothing of when to ask again.
RETRY = 1.0
ANSWER_TIMEOUT = 40


class Client:
    """A connection to the API that is made anew after an error."""

    def __init__(self, port, token):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, ANSWER_TIMEOUT)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def request(self, method, path, body=None, headers=None):
        """Status, headers, and body as JSON."""
        try:
            self.connection.request(method, path, body and json.dumps(body), self.headers | (headers or {}))
            answer = self.connection.getresponse()
            text = answer.read()
        except BaseException:
            self.connection.close()
            raise
        return answer.status, answer.headers, json.loads(text) if text[:1] in (b"{", b"[") else {}


class Load:
    """Runs from its making until `finish`."""

    def __init__(self, name, port, token, ledger):
        self.name, self.ledger, self.is_over = name, ledger, threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(n, Client(port, token))) for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def finish(self):
        """Lets each client end what it has begun."""
        self.ledger.end = time.monotonic()
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def work(self, number, client):
        sent = 0
        while not self.is_over.wait(PAUSE):
            sent += 1
            self.invite(client, f"{self.name}-{number}-{sent}@client{number}.example.com")

    def invite(self, client, email):
        """Until it is acknowledged, or refused for good."""
        since = time.monotonic()
        body, key = {"email": email, "roles": ["viewer"]}, {"Idempotency-Key": email}
        while True:
            try:
                status, headers, answer = client.request("POST", "/v1/system-users/invitations", body, key)
            except (OSError, http.client.HTTPException) as error:
                self.ledger.answered(f"no answer: {type(error).__name__}")
                time.sleep(RETRY)
                continue
            after = headers.get("Retry-After")
            self.ledger.answered(kind_of(status, after, answer))
            if 200 <= status < 300:
                self.ledger.acknowledged(email, answer["id"], since)
                return
            if after is None and status != 503:
                self.ledger.fault(f"{email} is answered {status}: {answer}")
                return
            time.sleep(float(after or RETRY))


def kind_of(status, after, answer):
    """As the report has it."""
    if 200 <= status < 300:
        return "2xx"
    name = "503" if status == 503 else f"{status} {answer.get('code', '')}".strip()
    return name if after else f"{name} without Retry-After"
