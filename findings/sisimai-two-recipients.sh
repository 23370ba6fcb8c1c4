#!/usr/bin/env bash
# Sisimai 4.25.15 (Perl): of a report about two recipients it gives one the reason of the other. In Postfix's
# form both get the reason of the second: a mailbox that is full for now is `userunknown`, which senders
# suppress for good. In Exim's form the text for people and the part for programs (RFC 3464) may have the
# recipients in different orders; they are matched by position, so that a mailbox that does not exist is
# `mailboxfull`. Reports about one recipient are read right.
# No code here works around it: it concerns those who read the same returned mail.
# Seen (Debian 12; reports of Postfix 3.7.11 and Exim 4.96 about full@ and nobody@example.com):
#                       full@                 nobody@
#   one each            5.2.2 mailboxfull     5.1.1 userunknown
#   both, Postfix       5.1.1 userunknown     5.1.1 userunknown
#   both, Exim          5.2.2 mailboxfull     5.2.2 mailboxfull
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
apt-get download -qq libsisimai-perl libclass-accessor-lite-perl libjson-perl 2> /dev/null
[ -e libsisimai-perl_4.25.15-* ] || { echo "there is another Sisimai than 4.25.15" >&2; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
cat > look.pl <<'PL'
use strict;
use warnings;
use Sisimai;

my %reply = (full => '552 5.2.2 mailbox full', nobody => '550 5.1.1 no such user');
my $letter = "From: no-reply\@example.net\nTo: full\@example.com\nSubject: Hello\nMessage-ID: <1\@example.net>\n";

sub postfix {
    my ($text, $status) = ('', '');
    for (@_) {
        my (undef, $code) = split ' ', $reply{$_};
        $text .= "<$_\@example.com>: host mx.example.com[192.0.2.25] said: $reply{$_} (in\n";
        $text .= "    reply to RCPT TO command)\n\n";
        $status .= "Final-Recipient: rfc822; $_\@example.com\nAction: failed\nStatus: $code\n";
        $status .= "Remote-MTA: dns; mx.example.com\nDiagnostic-Code: smtp; $reply{$_}\n\n";
    }
    chomp($text, $status);
    return <<"END";
From: Mail Delivery System <MAILER-DAEMON\@relay.example.net>
To: bounces\@example.net
Subject: Undelivered Mail Returned to Sender
Date: Mon, 30 Nov 2026 12:00:00 +0000 (UTC)
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host relay.example.net.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

$text
--part
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.net
X-Postfix-Queue-ID: 6CC0E17A
X-Postfix-Sender: rfc822; bounces\@example.net
Arrival-Date: Mon, 30 Nov 2026 12:00:00 +0000 (UTC)

$status
--part
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

$letter
--part--
END
}

# The part for programs has them in the opposite order.
sub exim {
    my $failed = join ",\n  ", map { "$_\@example.com" } @_;
    my ($text, $status) = ('', '');
    for (@_) {
        $text .= "  $_\@example.com\n    host mx.example.com [192.0.2.25]\n";
        $text .= "    SMTP error from remote mail server after RCPT TO:<$_\@example.com>:\n    $reply{$_}\n";
    }
    for (reverse @_) {
        $status .= "Action: failed\nFinal-Recipient: rfc822;$_\@example.com\nStatus: 5.0.0\n";
        $status .= "Remote-MTA: dns; mx.example.com\nDiagnostic-Code: smtp; $reply{$_}\n\n";
    }
    chomp $status;
    return <<"END";
X-Failed-Recipients: $failed
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon\@relay.example.net>
To: bounces\@example.net
Content-Type: multipart/report; report-type=delivery-status; boundary=part-eximdsn-1
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1xY0ni-00002A-0G\@relay.example.net>
Date: Mon, 30 Nov 2026 12:00:00 +0000

--part-eximdsn-1
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

$text
--part-eximdsn-1
Content-type: message/delivery-status

Reporting-MTA: dns; relay.example.net

$status
--part-eximdsn-1
Content-type: text/rfc822-headers

Return-path: <bounces\@example.net>
$letter

--part-eximdsn-1--
END
}

sub seen {
    my $read = Sisimai->make(\$_[0]) or die 'it is no bounce';
    return join ', ', sort map { join ' ', $_->recipient->user, $_->deliverystatus, $_->reason } @$read;
}

my ($full, $nobody) = ('full 5.2.2 mailboxfull', 'nobody 5.1.1 userunknown');
for (
    ['postfix', postfix('full'), $full], ['postfix', postfix('nobody'), $nobody],
    ['exim', exim('full'), $full], ['exim', exim('nobody'), $nobody],
    ['postfix, both', postfix('full', 'nobody'), "full 5.1.1 userunknown, $nobody"],
    ['exim, both', exim('full', 'nobody'), "$full, nobody 5.2.2 mailboxfull"],
) {
    my ($form, $report, $expected) = @$_;
    my $seen = seen($report);
    $seen eq $expected or die "the behaviour has changed: $form: $seen\n";
}
print "Sisimai mixes up the reasons in a report about two recipients\n";
PL
PERL5LIB=$tmp/root/usr/share/perl5 perl look.pl
