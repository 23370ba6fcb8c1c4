#!/usr/bin/env bash
# Mail::DeliveryStatus::BounceParser 1.543 (Perl): a report of OpenSMTPD that a letter was relayed is a bounce.
# That server puts its reports into `multipart/mixed`, where RFC 3464 asks for `multipart/report`; the part
# `message/delivery-status` is the same. The parser looks for that part in a `multipart/report` alone, and takes
# other messages for bounces; nor does it find the recipients of failures. The same report within
# `multipart/report` is read right.
# Here mail/returned_mail.rs reads the part in any container.
# Seen (Debian 12; reports as OpenSMTPD 6.8.0p2 writes them):
#                                       multipart/mixed         multipart/report
#   Action: relayed, Status: 2.0.0      bounce, no recipient    no bounce
#   Action: failed, Status: 5.0.0       bounce, no recipient    bounce, ada@example.com
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
apt-get download -qq libmail-deliverystatus-bounceparser-perl libmailtools-perl libmime-tools-perl libtimedate-perl \
    libconvert-binhex-perl libio-stringy-perl libnet-smtp-ssl-perl 2> /dev/null
[ -e libmail-deliverystatus-bounceparser-perl_1.543+* ] || { echo "there is another than 1.543" >&2; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
cat > look.pl <<'PL'
use strict;
use warnings;
use Mail::DeliveryStatus::BounceParser;

my %text = (
    relayed => ["Your message was relayed to these recipients.", "", "2.0.0"],
    failed => [
        "An error has occurred while attempting to deliver a message for\n    the following list of recipients:",
        "550 5.1.1 no such user", "5.0.0",
    ],
);

sub report {
    my ($action, $container) = @_;
    my ($text, $reply, $status) = @{ $text{$action} };
    return <<"END";
Subject: Delivery status notification: $action
From: Mailer Daemon <MAILER-DAEMON\@relay.example.net>
To: bounces\@example.net
Date: Mon, 30 Nov 2026 12:00:00 +0000 (UTC)
MIME-Version: 1.0
Content-Type: $container;boundary="1/relay.example.net"
Message-ID: <430933f8b74a87c4\@relay.example.net>

This is a MIME-encapsulated message.

--1/relay.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

    Hi!

    This is the MAILER-DAEMON, please DO NOT REPLY to this email.

    $text

ada\@example.com: $reply

    Below is a copy of the original message:

--1/relay.example.net
Content-Description: Delivery Report
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.net

Final-Recipient: rfc822; ada\@example.com
Action: $action
Status: $status

--1/relay.example.net
Content-Description: Message headers
Content-Type: text/rfc822-headers

From: no-reply\@example.net
To: ada\@example.com
Subject: Hello
Message-ID: <1\@example.net>

--1/relay.example.net--
END
}

my $proper = 'multipart/report; report-type=delivery-status';
for (
    ['relayed', $proper, 'no bounce'],
    ['failed', $proper, 'bounce ada@example.com'],
    ['relayed', 'multipart/mixed', 'bounce'],
    ['failed', 'multipart/mixed', 'bounce'],
) {
    my ($action, $container, $expected) = @$_;
    my $read = Mail::DeliveryStatus::BounceParser->new(report($action, $container));
    my $seen = join ' ', ($read->is_bounce ? 'bounce' : 'no bounce'), $read->addresses;
    $seen eq $expected or die "the behaviour has changed: $action, $container: $seen\n";
}
print "BounceParser takes OpenSMTPD's report of a relayed letter for a bounce\n";
PL
PERL5LIB=$tmp/root/usr/share/perl5 perl look.pl
