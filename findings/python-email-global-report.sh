#!/usr/bin/env bash
# Python's `email` (CPython 3.11.7) reads a delivery report about an address that is not ASCII in another way than
# all others. `message/delivery-status` becomes a list of groups of fields, as documented. Of
# `message/global-delivery-status` (RFC 6533), which has the same form, the first group becomes the header of a
# message, and the recipients are its text. Programs that look for the type or the fields find no failure: to
# flufl.bounce 6.0.0 (Mailman) and bounced 0.3.0 Postfix's report is none, and such an address never bounces.
# No code here works around it: mail/returned_mail reads both types with the same code.
# Seen (CPython 3.11.7; reports as Postfix 3.7.11 writes them):
#                        ada@example.com                     göran@example.com
#   email                two groups; "Action" in the second  one message; no "Action"
#   flufl.bounce         {b'ada@example.com'}                set()
#   bounced              ada@example.com failed              None
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check flufl.bounce==6.0.0 bounced==0.3.0
"$tmp/venv/bin/python" - <<'PY'
import email.policy
from email import message_from_bytes

from bounced import get_bounces
from flufl.bounce import all_failures

REPORT = """From: MAILER-DAEMON@relay.example.net
To: bounces@example.net
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=part
Content-Transfer-Encoding: 8bit

--part
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host relay.example.net.

<{address}>: host mx.example.com[192.0.2.25] said: 550 5.1.1 no such user
    (in reply to RCPT TO command)

--part
Content-Description: Delivery report
Content-Type: message/{glob}delivery-status
Content-Transfer-Encoding: 8bit

Reporting-MTA: dns; relay.example.net
Arrival-Date: Mon, 30 Nov 2026 12:00:00 +0000 (UTC)

Final-Recipient: {kind}; {address}
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; 550 5.1.1 no such user

--part
Content-Description: Undelivered Message Headers
Content-Type: {headers}
Content-Transfer-Encoding: 8bit

From: no-reply@example.net
To: {address}
Subject: Hello

--part--
"""


def read(policy=email.policy.compat32, **form):
    """The groups of fields in the report, and what the libraries say who bounced."""
    report = message_from_bytes(REPORT.format(**form).encode(), policy=policy)
    groups = report.get_payload(1).get_payload()
    temporary, failed = all_failures(report)
    return [group["Action"] for group in groups], set(temporary) | set(failed), get_bounces(report)


ascii_form = {"address": "ada@example.com", "kind": "rfc822", "glob": "", "headers": "text/rfc822-headers"}
groups, failed, bounces = read(**ascii_form)
assert groups == [None, "failed"] and failed == {b"ada@example.com"}, (groups, failed)
assert [(bounce.recipient, bounce.action) for bounce in bounces] == [(("", "ada@example.com"), "failed")]
utf8_form = {"address": "göran@example.com", "kind": "utf-8", "glob": "global-", "headers": "message/global-headers"}
for policy in (email.policy.compat32, email.policy.default, email.policy.SMTPUTF8):
    said = groups, failed, bounces = read(policy, **utf8_form)
    assert groups == [None] and not failed and bounces is None, f"the behaviour has changed: {said}"
print("Python's email has no groups of fields of message/global-delivery-status, and bounces are not seen")
PY
