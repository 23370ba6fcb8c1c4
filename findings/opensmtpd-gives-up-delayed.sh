#!/usr/bin/env bash
# OpenSMTPD 6.8.0p2: a letter that it gives up, since it could not be delivered within `queue ttl`, is reported as
# delayed: in the subject, to people and to programs. The report says that the letter is kept and need not be sent
# again. It is no longer in the queue, and no other report follows. RFC 3464 §2.3.3 has `failed` for this. What
# tells it from the report of a real delay is "Envelope expired" in the text, and Status 4.4.7.
# Here mail/returned_mail.rs goes by these two.
# Seen (Debian 12, `queue ttl 5s`):
#   Subject: Delivery status notification: delayed
#   ada@example.com: Envelope expired
#       Please note that this is only a temporary failure report.
#       The message is kept in the queue for up to 7 days.
#       You DO NOT NEED to re-send the message to these recipients.
#   Action: delayed
#   Status: 4.4.7
#   smtpctl show queue      nothing
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
queue ttl 5s
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
chgrp 904 "$root/usr/sbin/smtpctl"
chmod 2755 "$root/usr/sbin/smtpctl"
chroot "$root" /usr/sbin/smtpd -d > smtpd.log 2>&1 &
python3 look.py
SH
cat > look.py <<'PY'
import smtplib, socketserver, subprocess, threading, time


class Next(socketserver.StreamRequestHandler):
    """The next server, which takes nothing but reports: these."""

    taken = []

    def handle(self):
        self.wfile.write(b"220 mx.example.com\r\n")
        while line := self.rfile.readline().decode().strip():
            reply = b"221 bye\r\n" if line == "QUIT" else b"250 ok\r\n"
            if line.startswith("RCPT TO:<ada@"):
                reply = b"451 4.3.0 come later\r\n"
            if line.startswith("DATA"):
                self.wfile.write(b"354 go on\r\n")
                self.taken.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
            self.wfile.write(reply)


def control(*words):
    command = ["chroot", "/mnt/root", "/usr/sbin/smtpctl", *words]
    return subprocess.run(command, capture_output=True, text=True).stdout


server = socketserver.ThreadingTCPServer(("127.0.0.1", 2526), Next)
threading.Thread(target=server.serve_forever, daemon=True).start()
for _ in range(100):
    try:
        client = smtplib.SMTP("127.0.0.1", 2525, timeout=10)
        break
    except ConnectionRefusedError:
        time.sleep(0.1)
letter = "From: no-reply@example.com\r\nTo: ada@example.com\r\nSubject: Hello\r\n\r\nHello\r\n"
client.sendmail("bounces@example.com", "ada@example.com", letter)
assert "ada@example.com" in control("show", "queue")
expired = []
for _ in range(60):
    if expired := [report for report in Next.taken if "Envelope expired" in report]:
        break
    time.sleep(0.5)
    # Its next attempt would be minutes away.
    control("schedule", "all")
assert expired, "there is no report"
time.sleep(1)
assert control("show", "queue") == "", "the letter is still in the queue"
assert not [report for report in Next.taken if "Action: failed" in report], Next.taken
for line in (
    "Subject: Delivery status notification: delayed",
    "ada@example.com: Envelope expired",
    "    The message is kept in the queue for up to 7 days.",
    "Action: delayed",
    "Status: 4.4.7",
):
    assert f"\n{line}\r\n" in expired[0], f"the behaviour has changed: {expired[0]}"
print("OpenSMTPD reports a letter as delayed that it has given up")
PY
unshare --mount --net --pid --fork --kill-child bash -euo pipefail inside.sh
