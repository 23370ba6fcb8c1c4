#!/usr/bin/env bash
# Exim 4.96: in the report about a person whose address is not ASCII (`message/global-delivery-status`, RFC 6533)
# `X-Failed-Recipients` has the bytes of the address as octal numbers, which is another address; flufl.bounce
# 6.0.0 (Mailman), which reads this field, reports that one as failed. In `Final-Recipient` the address is right, but of
# the type `rfc822`, which has ASCII alone; RFC 6533 §3 asks for `utf-8`, as Postfix 3.7 writes.
# No code here goes by either: mail/returned_mail names the letter, not the address, as what failed.
# Seen (Debian 12, CPython 3.11):
#   RCPT TO:<göran@example.com>, refused with 550
#   X-Failed-Recipients: g\303\266ran@example.com
#   Final-Recipient: rfc822;göran@example.com
#   flufl.bounce            {b'g\\303\\266ran@example.com'}
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "it needs root, for a name space of its own" >&2; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
mkdir -p packages/partial
apt-get install --download-only --reinstall -qq -y --no-install-recommends -o "Dir::Cache::archives=$tmp/packages" \
    exim4-daemon-light > /dev/null 2>&1
[ -e packages/exim4-daemon-light_4.96-* ] || { echo "there is another Exim than 4.96" >&2; exit 1; }
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check flufl.bounce==6.0.0
cat > exim4.conf <<'CONF'
primary_hostname = relay.example.net
daemon_smtp_ports = 2525
local_interfaces = 127.0.0.1
smtputf8_advertise_hosts = *
acl_smtp_rcpt = accept_all
acl_smtp_data = accept_all
begin acl
accept_all:
  accept
begin routers
next:
  driver = manualroute
  route_list = * 127.0.0.1::2526
  self = send
  transport = remote
begin transports
remote:
  driver = smtp
  allow_localhost
CONF
cat > inside.sh <<'SH'
ip link set lo up
mount -t tmpfs none /mnt
mkdir /mnt/{upper,work,root}
root=/mnt/root
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work "$root"
mount --rbind /dev "$root/dev"
for package in packages/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root"; done
echo Debian-exim:x:902:902::/var/empty:/bin/false >> "$root/etc/passwd"
echo Debian-exim:x:902: >> "$root/etc/group"
cp exim4.conf "$root/etc/exim4/exim4.conf"
mkdir -p "$root"/var/{spool,log}/exim4
chown -R 902:902 "$root"/var/{spool,log}/exim4
chroot "$root" /usr/sbin/exim4 -bdf -q1s > exim.log 2>&1 &
venv/bin/python look.py
SH
cat > look.py <<'PY'
import email, smtplib, socketserver, threading, time

from flufl.bounce import all_failures

ADDRESS = "göran@example.com"


class Next(socketserver.StreamRequestHandler):
    """The next server, which takes nothing but reports: these."""

    taken = []

    def handle(self):
        self.wfile.write(b"220 mx.example.com\r\n")
        while line := self.rfile.readline().decode().strip():
            reply = b"221 bye\r\n" if line == "QUIT" else b"250 ok\r\n"
            if line.startswith("EHLO"):
                reply = b"250-mx.example.com\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
            if line.startswith(f"RCPT TO:<{ADDRESS}>"):
                reply = b"550 5.1.1 no such user\r\n"
            if line.startswith("DATA"):
                self.wfile.write(b"354 go on\r\n")
                self.taken.append(b"".join(iter(self.rfile.readline, b".\r\n")))
            self.wfile.write(reply)


server = socketserver.ThreadingTCPServer(("127.0.0.1", 2526), Next)
threading.Thread(target=server.serve_forever, daemon=True).start()
for _ in range(100):
    try:
        client = smtplib.SMTP("127.0.0.1", 2525, timeout=10)
        break
    except ConnectionRefusedError:
        time.sleep(0.1)
letter = f"From: no-reply@example.com\r\nTo: {ADDRESS}\r\nSubject: Hello\r\n\r\nHello\r\n".encode()
client.sendmail("bounces@example.com", ADDRESS, letter, mail_options=["SMTPUTF8", "BODY=8BITMIME"])
for _ in range(200):
    if Next.taken:
        break
    time.sleep(0.1)
report = email.message_from_bytes(Next.taken[0])
assert report.get_payload(1).get_content_type() == "message/global-delivery-status", report
header = report["X-Failed-Recipients"]
assert header == r"g\303\266ran@example.com", f"the behaviour has changed: {header}"
assert f"\r\nFinal-Recipient: rfc822;{ADDRESS}\r\n".encode() in Next.taken[0], "the behaviour has changed: the type"
temporary, failed = all_failures(report)
assert set(failed) == {rb"g\303\266ran@example.com"}, f"the behaviour has changed: {failed}"
print("Exim reports göran@example.com as", header)
PY
unshare --mount --net --pid --fork --kill-child bash -euo pipefail inside.sh
