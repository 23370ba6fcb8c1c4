"""A relay that accepts every letter, and knows to which address each is to be returned."""

import asyncio
import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Sent:
    """A letter that was sent: its envelope, and its text with its header."""

    sender: str
    recipient: str
    text: str

    @property
    def header(self):
        return self.text.partition("\r\n\r\n")[0]


class Sink:
    """Runs while the `with` block does, on a free port."""

    def __init__(self):
        self.letters, self.port = [], None
        self.loop, self.is_ready = asyncio.new_event_loop(), threading.Event()

    def __enter__(self):
        threading.Thread(target=self.run, daemon=True).start()
        self.is_ready.wait()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)

    def run(self):
        server = self.loop.run_until_complete(asyncio.start_server(self.session, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self.is_ready.set()
        self.loop.run_forever()

    async def session(self, reader, writer):
        sender = recipient = ""
        writer.write(b"220 relay.voltmark.example ESMTP\r\n")
        try:
            while line := await reader.readline():
                word = line[:4].upper()
                reply = b"250 2.0.0 ok\r\n"
                if word == b"EHLO":
                    reply = b"250-relay.voltmark.example\r\n250-8BITMIME\r\n250 DSN\r\n"
                elif word == b"MAIL":
                    sender = address(line)
                elif word == b"RCPT":
                    recipient = address(line)
                elif word == b"DATA":
                    writer.write(b"354 go on\r\n")
                    text = await reader.readuntil(b"\r\n.\r\n")
                    self.letters.append(Sent(sender, recipient, text[:-3].decode()))
                elif word == b"QUIT":
                    reply = b"221 2.0.0 bye\r\n"
                writer.write(reply)
                if word == b"QUIT":
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        writer.close()


def address(line):
    return line[line.index(b"<") + 1 : line.index(b">")].decode()
