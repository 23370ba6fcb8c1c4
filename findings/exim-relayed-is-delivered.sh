#!/usr/bin/env bash
# Exim 4.96: a letter for which its sender wants a report of success (NOTIFY=SUCCESS, RFC 3461), and which Exim
# hands to a server without DSN, is reported as `delivered`. RFC 3461 §5.2.2 asks for `relayed` here: the next
# server may still return the letter, and sends no report of success. Exim's own words for people, in the same
# report, say so: "relayed to non-DSN-aware mailer". Postfix 3.7 and OpenSMTPD 6.8 report `relayed`.
# With MAIL_DSN_SUCCESS=on such a letter is `delivered` here, too, since the report decides.
# Seen (Debian 12):
#   for people       <ada@example.com> (relayed to non-DSN-aware mailer)
#   for programs     Action: delivered
#                    Status: 2.0.0
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "it needs root, for a name space of its own" >&2; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
mkdir -p packages/partial
apt-get install --download-only --reinstall -qq -y --no-install-recommends -o "Dir::Cache::archives=$tmp/packages" \
    exim4-daemon-light > /dev/null 2>&1
[ -e packages/exim4-daemon-light_4.96-* ] || { echo "there is another Exim than 4.96" >&2; exit 1; }
cat > exim4.conf <<'CONF'
primary_hostname = relay.example.net
daemon_smtp_ports = 2525
local_interfaces = 127.0.0.1
dsn_advertise_hosts = *
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
python3 look.py
SH
cat > look.py <<'PY'
import smtplib, socketserver, threading, time


class Next(socketserver.StreamRequestHandler):
    """The next server, which has no extensions: what it took, by recipient."""

    taken = {}

    def handle(self):
        self.wfile.write(b"220 mx.example.com\r\n")
        while line := self.rfile.readline().decode().strip():
            if line.startswith("RCPT"):
                recipient = line[line.index("<") + 1 : line.index(">")]
            if line.startswith("DATA"):
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.taken[recipient] = b"".join(lines).decode()
            self.wfile.write(b"221 bye\r\n" if line == "QUIT" else b"250 ok\r\n")


server = socketserver.ThreadingTCPServer(("127.0.0.1", 2526), Next)
threading.Thread(target=server.serve_forever, daemon=True).start()
for _ in range(100):
    try:
        client = smtplib.SMTP("127.0.0.1", 2525, timeout=10)
        break
    except ConnectionRefusedError:
        time.sleep(0.1)
client.ehlo("example.com")
letter = "From: no-reply@example.com\r\nTo: ada@example.com\r\nSubject: Hello\r\n\r\nHello\r\n"
client.sendmail("bounces@example.com", "ada@example.com", letter, rcpt_options=["NOTIFY=SUCCESS"])
for _ in range(200):
    if report := Next.taken.get("bounces@example.com"):
        break
    time.sleep(0.1)
assert "ada@example.com" in Next.taken and report, "there is no report"
assert "<ada@example.com> (relayed to non-DSN-aware mailer)\r\n" in report, report
assert "\r\nAction: delivered\r\n" in report, f"the behaviour has changed: {report}"
print("Exim reports as delivered what it relayed to a server without DSN")
PY
unshare --mount --net --pid --fork --kill-child bash -euo pipefail inside.sh
