#!/usr/bin/env bash
# flufl.bounce 6.0.0 (Mailman's reader of bounces): of an address in a delivery report (RFC 3464) it takes
# what stands before the first `=`. Such addresses are common: forwarders and senders put one address into
# another with `=` (SRS, VERP). What is reported as failed is `srs0`, without a domain. And where
# `Original-Recipient` has another address type than rfc822, as RFC 6533 provides, that type's name is
# reported as an address.
# No code here works around it: reports come from providers (src/mail/providers), not as bounces.
# Seen (CPython 3.11):
#   Final-Recipient: rfc822; ada@example.org                            {b'ada@example.org'}
#   Final-Recipient: rfc822; SRS0=ab1c=xy=example.org=ada@example.net   {b'srs0'}
#   Final-Recipient: rfc822; ada=lovelace@example.org                   {b'ada'}
#   Original-Recipient: utf-8; ad\x{E1}@example.org                     {b'utf-8', b'ad\\x{E1}@example.org',
#     with Final-Recipient: rfc822; ada@example.org                      b'ada@example.org'}
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check flufl.bounce==6.0.0
"$tmp/venv/bin/python" - <<'PY'
from email import message_from_string

from flufl.bounce import scan_message

REPORT = """From: MAILER-DAEMON@mx.example.net
To: bounces@example.com
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=part

--part
Content-Type: text/plain

It could not be delivered.
--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

{recipients}
Action: failed
Status: 5.1.1

--part--
"""


def failed(*recipients):
    return set(scan_message(message_from_string(REPORT.format(recipients="\n".join(recipients)))))


plain = "Final-Recipient: rfc822; ada@example.org"
assert failed(plain) == {b"ada@example.org"}
assert failed("Original-Recipient: rfc822; ada@example.org", plain) == {b"ada@example.org"}
for recipients, expected in (
    (["Final-Recipient: rfc822; SRS0=ab1c=xy=example.org=ada@example.net"], {b"srs0"}),
    (["Final-Recipient: rfc822; ada=lovelace@example.org"], {b"ada"}),
    (
        ["Original-Recipient: utf-8; ad\\x{E1}@example.org", plain],
        {b"utf-8", b"ad\\x{E1}@example.org", b"ada@example.org"},
    ),
):
    found = failed(*recipients)
    assert found == expected, f"the behaviour has changed: {recipients}: {found}"
print("flufl.bounce reports SRS0=ab1c=xy=example.org=ada@example.net as srs0")
PY
