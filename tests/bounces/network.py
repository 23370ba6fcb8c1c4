"""The rest of the world for a mail server: name servers, and the recipients' mail server."""

import socket
import socketserver
import struct
import subprocess
import threading

RECIPIENTS = "192.0.2.25"
# The mail server itself, as others see it, and the domain that it takes returned mail for.
RELAY = "192.0.2.2"
RETURNS = "invite.example.com"
ABSENT = "nowhere.example"
A, MX = 1, 15
NXDOMAIN = 3


class NameServer(socketserver.BaseRequestHandler):
    """Every domain has the recipients' server, but for one that does not exist and for that of returned mail."""

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
        is_returns = name == RETURNS or name.endswith(f".{RETURNS}")
        host = encoded(f"mx.{RETURNS}" if is_returns else "mx.example.com")
        address = socket.inet_aton(RELAY if is_returns else RECIPIENTS)
        data = {A: address, MX: struct.pack(">H", 10) + host}.get(kind)
        is_host = kind == MX and name.startswith("mx.")
        self.reply(connection, number, 0, question, [(kind, data)] if data and not is_host else [])

    def reply(self, connection, number, code, question, answers):
        packet = struct.pack(">HHHHHH", number, 0x8580 | code, 1, len(answers), 0, 0) + question
        for kind, data in answers:
            packet += struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(data)) + data
        connection.sendto(packet, self.client_address)


def encoded(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


class MailServer(socketserver.StreamRequestHandler):
    """Refuses recipients by the part before the @, or their letters, and stores what it accepts."""

    # What is said to RCPT, and at the end of a letter.
    replies, final_replies = {}, {}
    # Recipients who get no reply before this event.
    held = {}
    # The recipients that were named, and the messages: their recipients, and the text.
    named, stored = [], []

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
                reply = self.reply_to(address)
                recipients += [address] if reply.startswith("2") else []
                self.say(reply)
            elif word == "DATA" and recipients:
                self.say("354 go on")
                message = self.message()
                reply = MailServer.final_replies.get(recipients[0].split("@")[0], "250 2.0.0 taken")
                if reply.startswith("2"):
                    MailServer.stored.append((recipients, message))
                self.say(reply)
                recipients = []
            elif word == "QUIT":
                return self.say("221 2.0.0 bye")
            else:
                self.say("250 2.0.0 ok" if word in ("HELO", "MAIL", "RSET", "NOOP") else "503 5.5.1 no")

    def reply_to(self, address):
        MailServer.named.append(address)
        local = address.split("@")[0]
        if event := MailServer.held.get(local):
            event.wait()
        return MailServer.replies.get(local, "250 2.1.5 ok")

    def message(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def say(self, *lines):
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class Threads(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


def start(replies, final_replies=None):
    """Takes the place of the world in this name space of networks, whose loopback interface is up."""
    subprocess.run(["hostname", "relay.voltmark.example"], check=True)
    for address in (RECIPIENTS, RELAY):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    MailServer.replies, MailServer.final_replies = replies, final_replies or {}
    servers = socketserver.ThreadingUDPServer(("127.0.0.1", 53), NameServer), Threads((RECIPIENTS, 25), MailServer)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
