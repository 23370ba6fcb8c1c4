"""Messages that somebody has made to crash, delay or deceive whoever reads them."""

import random
from dataclasses import dataclass

import reports

# What is read of a message, in bytes.
READ = 1024 * 1024


@dataclass(frozen=True)
class Hostile:
    """A message, the address that it comes to, and how the service may answer."""

    name: str
    text: bytes
    recipient: str | None
    outcomes: tuple


def filled(beginning, filling, end=b""):
    """As large as a message may be."""
    return beginning + filling * ((READ - len(beginning) - len(end)) // len(filling)) + end


def lines(*all):
    return "\r\n".join((*all, "")).encode()


def all_of(letter, other):
    """Messages about the first letter, of two that were sent."""
    return [*truncated(letter), *forged(letter, other), *oversized(letter), *deep(letter), *odd(letter)]


def truncated(letter):
    """A report that ends before it says what was done, everywhere."""
    report = reports.report(letter, reports.NO_USER)
    ends = range(20, report.index("Action:"), 23)
    return [Hostile("truncated", report[:end].encode(), letter.sender, ("forged", "unread")) for end in ends]


def forged(letter, other):
    """Reports to addresses that the service has not made, and on letters that they do not have."""
    local, domain = letter.sender.split("@")
    report = reports.report(letter, reports.NO_USER)
    checks = "0123456789abcdef", other.sender.split("@")[0][-16:], "", "0" * 16, local[-16:-1], f"{local[-16:]}0", "é" * 8
    addresses = [f"{local[:-16]}{check}@{domain}" for check in checks] + [letter.sender.replace(".", "..", 1)]
    found = [("a forged check", report.replace(letter.sender, address), address) for address in addresses]
    found += [
        ("two letters in one", report.replace(f"To: {letter.sender}", f"To: {letter.sender}, {other.sender}"), None),
        ("another letter's address", report, other.sender),
        ("another letter returned", report.replace(letter.header, other.header), letter.sender),
    ]
    return [Hostile(name, text.encode(), recipient, ("forged",)) for name, text, recipient in found]


def with_header(*fields):
    return lines("From: MAILER-DAEMON@relay.voltmark.example", "Subject: Undelivered Mail", "MIME-Version: 1.0", *fields, "")


def oversized(letter):
    report = reports.report(letter, reports.NO_USER).encode()
    part = lines("--b", "Content-Type: text/plain", "", "x")
    parts = with_header(f"To: {letter.sender}", "Content-Type: multipart/mixed; boundary=b")
    empty = with_header(f"To: {letter.sender}", "Content-Type: multipart/mixed; boundary=b") + b"--b\n" * 10_000
    status = with_header("Content-Type: message/delivery-status")
    fields = b"Final-Recipient: rfc822; ada@example.com\nAction: failed\nStatus: 5.1.1\n\n"
    unread = ("unread",)
    return [
        Hostile("10,000 parts", parts + part * 10_000 + report, letter.sender, unread),
        Hostile("10,000 empty parts", empty, letter.sender, unread),
        Hostile("a long header", b"X: " + b"y" * 200_000 + b"\r\n" + report, letter.sender, unread),
        Hostile("20,000 fields", b"X: y\r\n" * 20_000 + report, letter.sender, unread),
        Hostile("one line", filled(with_header(), b"x"), None, unread),
        Hostile("13,000 recipients", filled(status, fields), None, unread),
        Hostile("a long diagnosis", filled(status + fields[:-1] + b"Diagnostic-Code: smtp; ", b"550 5.1.1 "), None, unread),
        Hostile("addresses", filled(b"To: ", b"bounces+a.b@c, ")[:60_000] + b"\r\n\r\nx", None, unread),
        Hostile("names of letters", filled(with_header(), b"<ltr_01m86xvxh0e3pt0yekqqme4qcm@voltmark.example>\n"), None,
                ("unread", "unknown_letter")),
    ]


def deep(letter):
    boundaries = [f"b{number}" for number in range(5_000)]
    kind = "Content-Type: multipart/mixed; boundary="
    nested = with_header(f"To: {letter.sender}", f"{kind}b0")
    nested += b"".join(lines(f"--{one}", f"{kind}{two}", "") for one, two in zip(boundaries, boundaries[1:]))
    same = with_header(f"{kind}b") + lines("--b", f"{kind}b", "") * 5_000
    messages = filled(with_header("Content-Type: message/rfc822"), lines("Content-Type: message/rfc822", ""))
    return [
        Hostile("5,000 multiparts within each other", nested, letter.sender, ("unread",)),
        Hostile("5,000 multiparts of one boundary", same, None, ("unread",)),
        Hostile("messages within each other", messages, None, ("unread",)),
    ]


def odd(letter):
    """What is no message, and what costs a parser more than it should."""
    chance = random.Random(7)
    noise = chance.randbytes(READ)
    html = with_header("Content-Type: text/html; charset=utf-8")
    parameters = "; ".join(f"x*{number}*=utf-8''%41" for number in range(3_000))
    charsets = "utf-7", "utf-16", "iso-2022-jp", "shift_jis", "gb18030", "big5", "nonsense"
    many = [
        ("random bytes", noise), ("zero bytes", b"\0" * READ),
        ("carriage returns", b"\r" * READ), ("blank lines", b"\n" * READ),
        ("tags", filled(html, b"<a<b>&#x41;")), ("open tags", filled(html, b"<")), ("comments", filled(html, b"<!--")),
        ("entities", filled(html, b"&amp")), ("links", filled(with_header(), b"https://example.net/?token=abcdefgh ")),
        ("boundaries", filled(with_header("Content-Type: multipart/mixed; boundary=b"), b"--bb\n")),
        ("dashes", filled(with_header("Content-Type: multipart/mixed; boundary=-"), b"---\n")),
        ("an endless boundary", with_header(f"Content-Type: multipart/mixed; boundary={'b' * 60_000}")),
        ("an empty boundary", with_header('Content-Type: multipart/mixed; boundary=""') + b"--\n" * 10_000),
        ("parameters", with_header(f"Content-Type: text/plain; {parameters}")),
        ("encoded words", with_header(f"X: y\r\nSubject: {'=?utf-8?q?=41?= ' * 3_000}")),
        ("base64 that is none", filled(with_header("Content-Transfer-Encoding: base64"), b"=A=*")),
        ("quoted-printable that is none", filled(with_header("Content-Transfer-Encoding: quoted-printable"), b"=\n=4")),
    ]
    noise = noise[-100_000:]
    many += [(f"bytes in {name}", with_header(f"Content-Type: text/plain; charset={name}") + noise) for name in charsets]
    found = [Hostile(name, text, None, ("unread", "automatic_reply")) for name, text in many]
    long = f"{letter.sender.split('@')[0]}@{'x' * 5_000}.example"
    return found + [Hostile("a long address", reports.noise(0), long, ("unread",))]
