"""The rest of the world for a mail server: name servers, and the recipients' mail server."""

import socket
import socketserver
import struct
import threading

from letters import REPLIES

RECIPIENTS = "192.0.2.25"
ABSENT = "nowhere.example"
A, MX = 1, 15
NXDOMAIN = 3


class NameServer(socketserver.BaseRequestHandler):
    """Every domain has the recipients' server, but for one that does not exist."""

    def handle(self):
        query, connection = self.request
        number, end = struct.unpack(">H", query[:2])[0], query.index(b"\0", 12) + 1
        kind = struct.unpack(">H", query[end : end + 2])[0]
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        name, question = ".".join(labels), query[12 : end + 4]
        if name == ABSENT or name.endswith(f".{ABSENT}"):
            return self.reply(connection, number, NXDOMAIN, question, [])
        host = b"\2mx\7example\3com\0"
        data = {A: socket.inet_aton(RECIPIENTS), MX: struct.pack(">H", 10) + host}.get(kind)
        is_host = kind == MX and name.startswith("mx.")
        self.reply(connection, number, 0, question, [(kind, data)] if data and not is_host else [])

    def reply(self, connection, number, code, question, answers):
        packet = struct.pack(">HHHHHH", number, 0x8580 | code, 1, len(answers), 0, 0) + question
        for kind, data in answers:
            packet += struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(data)) + data
        connection.sendto(packet, self.client_address)


class MailServer(socketserver.StreamRequestHandler):
    """Refuses the recipients of the letters, and stores what is returned."""

    stored = []

    def handle(self):
        self.say("220 mx.example.com ESMTP")
        recipients = []
        while line := self.rfile.readline():
            command = line.decode("latin-1").strip()
            word = command[:4].upper()
            if word == "EHLO":
                self.say("250-mx.example.com", "250 8BITMIME")
            elif word == "RCPT":
                address = command[command.index("<") + 1 : command.index(">")]
                reply = REPLIES.get(address.split("@")[0], "250 2.1.5 ok")
                recipients += [address] if reply.startswith("2") else []
                self.say(reply)
            elif word == "DATA" and recipients:
                self.say("354 go on")
                self.store(recipients)
                self.say("250 2.0.0 taken")
                recipients = []
            elif word == "QUIT":
                return self.say("221 2.0.0 bye")
            else:
                self.say("250 2.0.0 ok" if word in ("HELO", "MAIL", "RSET", "NOOP") else "503 5.5.1 no")

    def store(self, recipients):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        MailServer.stored.append((recipients, b"".join(lines)))

    def say(self, *lines):
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class Threads(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


def start():
    servers = socketserver.ThreadingUDPServer(("127.0.0.1", 53), NameServer), Threads((RECIPIENTS, 25), MailServer)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
