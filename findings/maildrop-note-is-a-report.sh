#!/usr/bin/env bash
# maildrop 2.9.3: `mailbot -M`, the autoresponder of Courier's filters, writes a vacation note as a delivery report
# (`multipart/report; report-type=delivery-status`): "Action: delivered, Status: 2.0.0", whatever the note says,
# and without the field `Reporting-MTA`, which RFC 3464 §2.2.2 requires. Programs that read the report first find a
# delivery that no mail server reported, and no note: to Sisimai 4.25.15 the reason is `delivered` in place of
# `vacation`.
# Here, too, the report decides: mail/returned_mail.rs takes the letter for delivered.
# Seen (Debian 12; the note is "I have left the company, this mailbox is not read."):
#   mailbot             text/plain;  Sisimai: vacation
#   mailbot -M          multipart/report, Action: delivered, no Reporting-MTA;  Sisimai: delivered
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
apt-get download -qq maildrop libcourier-unicode4 libsisimai-perl libclass-accessor-lite-perl libjson-perl 2> /dev/null
[ -e maildrop_2.9.3-* ] || { echo "there is another maildrop than 2.9.3" >&2; exit 1; }
[ -e libsisimai-perl_4.25.15-* ] || { echo "there is another Sisimai than 4.25.15" >&2; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
echo 'I have left the company, this mailbox is not read.' > note
cat > letter <<'LETTER'
From: no-reply@example.net
To: ada@example.com
Subject: Hello
Message-ID: <1@example.net>
Date: Mon, 30 Nov 2026 12:00:00 +0000

Hello
LETTER
answer() {
    LD_LIBRARY_PATH=$(echo "$tmp"/root/usr/lib/*-linux-gnu) root/usr/bin/mailbot "$@" \
        -t note -A 'From: ada@example.com' -A 'Date: Mon, 30 Nov 2026 12:00:09 +0000' cat < letter
}
reason() {
    PERL5LIB=$tmp/root/usr/share/perl5 perl -MSisimai -e \
        'my $read = Sisimai->make($ARGV[0], delivered => 1) // []; print map { $_->reason } @$read' "$1"
}
answer > plain
answer -M ada@example.com > report
[ "$(reason plain)" = vacation ] || { echo "the behaviour has changed: $(reason plain)" >&2; exit 1; }
type='Content-Type: multipart/report; report-type=delivery-status;'
for line in "$type" 'Action: delivered' 'Status: 2.0.0' "$(cat note)"; do
    grep -qxF "$line" report || { echo "the behaviour has changed: no $line" >&2; exit 1; }
done
! grep -qi '^Reporting-MTA:' report || { echo "the behaviour has changed: it has a Reporting-MTA" >&2; exit 1; }
[ "$(reason report)" = delivered ] || { echo "the behaviour has changed: $(reason report)" >&2; exit 1; }
echo "mailbot writes a vacation note as a report of a delivery"
