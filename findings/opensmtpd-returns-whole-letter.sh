#!/usr/bin/env bash
# OpenSMTPD 6.8.0p2: it announces DSN (RFC 3461) and takes RET=HDRS, by which a sender asks that reports return the
# header of the letter alone. Its reports of failures have the whole letter, in a part of the type
# `text/rfc822-headers` ("Message headers"), which is for headers. Its reports of success have the header alone.
# ENVID, which a report must return (RFC 3464 §2.2.1), is in neither. Postfix 3.7 and Exim 4.96 return the header
# alone, and the ENVID.
# Here RET=HDRS is to prevent that live links are returned, which this server does all the same (docs/operations.md).
# Seen (Debian 12):
#   MAIL FROM:<bounces@example.com> RET=HDRS ENVID=letter-1
#   RCPT TO:<ada@example.com> NOTIFY=SUCCESS,FAILURE      refused: header and body; taken: header
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "it needs root, for a name space of its own" >&2; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
mkdir -p packages/partial
apt-get install --download-only --reinstall -qq -y --no-install-recommends -o "Dir::Cache::archives=$tmp/packages" \
    opensmtpd > /dev/null 2>&1
[ -e packages/opensmtpd_6.8.0p2-* ] || { echo "there is another OpenSMTPD than 6.8.0p2" >&2; exit 1; }
cat > smtpd.conf <<'CONF'
listen on 127.0.0.1 port 2525 hostname relay.example.net
action "relay" relay host smtp://127.0.0.1:2526
match from any for any action "relay"
CONF
cat > inside.sh <<'SH'
ip link set lo up
mount -t tmpfs none /mnt
mkdir /mnt/{upper,work,root}
root=/mnt/root
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work "$root"
mount --rbind /dev "$root/dev"
for package in packages/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root"; done
for name in opensmtpd:903 opensmtpq:904; do
    echo "${name%:*}:x:${name#*:}:${name#*:}::/var/empty:/bin/false" >> "$root/etc/passwd"
    echo "${name%:*}:x:${name#*:}:" >> "$root/etc/group"
done
cp smtpd.conf "$root/etc/smtpd.conf"
mount -t tmpfs none "$root/run"
mkdir -p "$root"/run/opensmtpd "$root"/var/empty "$root"/var/{spool/smtpd,lib/opensmtpd}
chmod 711 "$root"/var/{spool/smtpd,lib/opensmtpd}
chroot "$root" /usr/sbin/smtpd -d > smtpd.log 2>&1 &
python3 look.py
SH
cat > look.py <<'PY'
import email, smtplib, socketserver, threading, time


class Next(socketserver.StreamRequestHandler):
    """The next server, which refuses Ada: what it took, by subject."""

    taken = {}

    def handle(self):
        self.wfile.write(b"220 mx.example.com\r\n")
        while line := self.rfile.readline().decode().strip():
            reply = b"221 bye\r\n" if line == "QUIT" else b"250 ok\r\n"
            if line.startswith("RCPT TO:<ada@"):
                reply = b"550 5.1.1 not here\r\n"
            if line.startswith("DATA"):
                self.wfile.write(b"354 go on\r\n")
                message = b"".join(iter(self.rfile.readline, b".\r\n")).decode()
                self.taken[email.message_from_string(message)["Subject"]] = message
            self.wfile.write(reply)


server = socketserver.ThreadingTCPServer(("127.0.0.1", 2526), Next)
threading.Thread(target=server.serve_forever, daemon=True).start()
for _ in range(100):
    try:
        client = smtplib.SMTP("127.0.0.1", 2525, timeout=10)
        break
    except ConnectionRefusedError:
        time.sleep(0.1)
client.ehlo("example.com")
assert client.has_extn("dsn")
envelope = {"mail_options": ["RET=HDRS", "ENVID=letter-1"], "rcpt_options": ["NOTIFY=SUCCESS,FAILURE"]}
letter = "From: no-reply@example.com\r\nTo: {0}\r\nSubject: Hello\r\n\r\nThe words of the letter\r\n"
for recipient in ("ada@example.com", "grace@example.com"):
    client.sendmail("bounces@example.com", recipient, letter.format(recipient), **envelope)
kinds = {f"Delivery status notification: {kind}": kind for kind in ("failed", "relayed")}
for _ in range(150):
    if kinds.keys() <= Next.taken.keys():
        break
    time.sleep(0.1)
seen = {}
for subject, kind in kinds.items():
    assert f"\r\nAction: {kind}\r\n" in Next.taken[subject] and "letter-1" not in Next.taken[subject]
    parts = email.message_from_string(Next.taken[subject]).get_payload()
    types = [part.get_content_type() for part in parts]
    assert types == ["text/plain", "message/delivery-status", "text/rfc822-headers"], types
    returned = parts[2].get_payload()
    assert "\nSubject: Hello" in returned, returned
    seen[kind] = "The words of the letter" in returned
assert seen == {"failed": True, "relayed": False}, f"the behaviour has changed: {seen}"
print("OpenSMTPD returns the whole letter, though the sender asked for its header")
PY
unshare --mount --net --pid --fork --kill-child bash -euo pipefail inside.sh
