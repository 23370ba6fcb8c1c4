"""Load at a constant rate: requests are due at fixed times, whatever the answers to those before take."""

import re
import socket
import threading
import time

CLIENTS = 4
# Requests a second by all clients together: so few that the service is idle most of the time.
RATE = 100
TIMEOUT = 30


def latencies(port, requests, counted):
    """The times of the answers to the last `counted` of these requests, in seconds.

    Each is counted from the time at which its request was due. A request that is sent late, since its client
    still waited for the answer before, has waited: a closed loop, as wrk's, would leave that out.
    """
    start = time.monotonic() + 0.02
    clients = [Client(port, start, list(enumerate(requests))[number::CLIENTS]) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if faults := [client.fault for client in clients if client.fault]:
        raise SystemExit(f"bench: {faults[0]}")
    return [seconds for client in clients for number, seconds in client.times if number >= len(requests) - counted]


class Client(threading.Thread):
    """One connection that is kept, and the requests that are due on it."""

    def __init__(self, port, start, requests):
        super().__init__(daemon=True)
        self.port, self.start_time, self.requests = port, start, requests
        self.times, self.fault = [], None

    def run(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), TIMEOUT) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for number, request in self.requests:
                    due = self.start_time + number / RATE
                    time.sleep(max(0, due - time.monotonic()))
                    connection.sendall(request)
                    receive(connection, request)
                    self.times.append((number, time.monotonic() - due))
        except (OSError, ValueError) as error:
            self.fault = error


def receive(connection, request):
    """Reads an answer to its end."""
    answer = connection.recv(65536)
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += more(connection)
    length = re.search(rb"\r\ncontent-length: (\d+)", answer[:end], re.IGNORECASE)
    if not answer.startswith(b"HTTP/1.1 200 ") or not length:
        raise ValueError(f"{request.split(b' HTTP', 1)[0].decode()} was answered {answer.decode(errors='replace')}")
    left = end + 4 + int(length[1]) - len(answer)
    while left > 0:
        left -= len(more(connection))


def more(connection):
    part = connection.recv(65536)
    if not part:
        raise ValueError("the service closed a connection before the end of an answer")
    return part
