"""Messages about letters that were sent: reports in the form of RFC 3464, an automatic reply, and what no service can read."""

import email.utils
from dataclasses import dataclass

import recipes


@dataclass(frozen=True)
class Kind:
    """What a message says, and what becomes of the letter."""

    action: str
    status: str
    said: str
    # What the service answers, the state of the letter, and the last entry of its timeline.
    outcome: str
    state: str
    event: str | None


NO_USER = Kind("failed", "5.1.1", "550 5.1.1 no such user here", "bounced", "bounced", "email_bounced")
DENIED = Kind("failed", "5.7.1", "554 5.7.1 Relay access denied", "failed", "failed", "email_failed")
FULL = Kind("failed", "5.2.2", "552 5.2.2 the mailbox is full", "bounced", "bounced", "email_bounced")
LATE = Kind("delayed", "4.4.1", "connection timed out", "deferred", "deferred", "email_deferred")
DELIVERED = Kind("delivered", "2.0.0", "250 2.0.0 ok", "delivered", "delivered", "email_delivered")
REPLY = Kind("", "", "", "automatic_reply", "sent", None)
# As many as each stands here, of all letters.
KINDS = (NO_USER, NO_USER, NO_USER, FULL, LATE, DENIED, DELIVERED, REPLY)


def message(letter, kind, number=1, returns_text=False):
    """The message about a letter, as bytes; with the letter's header, or with all of it."""
    return (reply(letter) if kind == REPLY else report(letter, kind, number, returns_text)).encode()


def report(letter, kind, number=1, returns_text=False):
    returned = ("message/rfc822", letter.text) if returns_text else ("text/rfc822-headers", letter.header)
    boundary = f"report-{number}"
    return "\r\n".join((
        "Return-Path: <>", "From: MAILER-DAEMON@relay.voltmark.example", f"To: {letter.sender}",
        "Subject: Undelivered Mail Returned to Sender", f"Date: {email.utils.formatdate()}",
        f"Message-ID: <{number}.{letter.sender.split('@')[0].replace('+', '-')}@relay.voltmark.example>", "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"', "",
        f"--{boundary}", "Content-Type: text/plain; charset=us-ascii", "",
        "This is the mail system at relay.voltmark.example.", "", f"<{letter.recipient}>: {kind.said}", "",
        f"--{boundary}", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; relay.voltmark.example", "",
        f"Final-Recipient: rfc822; {letter.recipient}", f"Action: {kind.action}", f"Status: {kind.status}",
        f"Diagnostic-Code: smtp; {kind.said}", "",
        f"--{boundary}", f"Content-Type: {returned[0]}", "", returned[1], "", f"--{boundary}--", "",
    ))


def reply(letter):
    return "\r\n".join((
        f"From: {letter.recipient}", f"To: {letter.sender}", "Subject: Out of office", "Auto-Submitted: auto-replied", "",
        "Back on Monday.", "",
    ))


def noise(number):
    """A message that is no report, as anybody may send one to the address of returned mail."""
    return "\r\n".join((
        f"From: someone-{number}@example.net", f"To: {recipes.ENVELOPE_FROM}", f"Subject: Offer number {number}.", "",
        "We have chargers in all colours.", "",
    )).encode()
