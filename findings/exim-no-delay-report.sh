#!/usr/bin/env bash
# Exim 4.96: a sender that asks for reports of delays (NOTIFY=DELAY, RFC 3461) gets none for a letter of a program.
# The default of `delay_warning_condition` is no for `Auto-Submitted: auto-generated` and `Precedence: bulk`, so
# that mailing lists get no warnings. It also holds where the envelope asks for them, which Exim announces and
# accepts. The first report of such a letter comes when it is given up, days later. Postfix 3.7 and OpenSMTPD 6.8
# report its delay. Here docs/operations.md says so.
# Seen (Debian 12, `delay_warning = 2s`, each with NOTIFY=FAILURE,DELAY):
#   a letter without these headers       Warning: message 1xY0o2-00004x-08 delayed 2 seconds
#   Auto-Submitted: auto-generated       no report
#   Precedence: bulk                     no report
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
delay_warning = 2s
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
begin retry
*  *  F,1h,1s
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
    """The next server, which takes nothing but reports: these, by recipient."""

    taken, senders = {}, []

    def handle(self):
        self.wfile.write(b"220 mx.example.com\r\n")
        while line := self.rfile.readline().decode().strip():
            if line.startswith("MAIL"):
                self.senders.append(line.partition("<")[2].partition("@")[0])
            reply = b"221 bye\r\n" if line == "QUIT" else b"250 ok\r\n"
            if line.startswith("RCPT"):
                recipient = line[line.index("<") + 1 : line.index(">")]
                reply = b"451 4.3.0 come later\r\n" if recipient == "ada@example.com" else reply
            if line.startswith("DATA"):
                self.wfile.write(b"354 go on\r\n")
                self.taken[recipient] = b"".join(iter(self.rfile.readline, b".\r\n")).decode()
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
letter = "From: no-reply@example.com\r\nTo: ada@example.com\r\nSubject: Hello\r\n{}\r\nHello\r\n"
headers = {"program": "Auto-Submitted: auto-generated\r\n", "bulk": "Precedence: bulk\r\n", "person": ""}
for sender, header in headers.items():
    message, notify = letter.format(header), ["NOTIFY=FAILURE,DELAY"]
    client.sendmail(f"{sender}@example.com", "ada@example.com", message, rcpt_options=notify)
for _ in range(200):
    if "person@example.com" in Next.taken:
        break
    time.sleep(0.1)
time.sleep(4)
report = Next.taken.pop("person@example.com", "")
assert "\r\nSubject: Warning: message " in report and "\r\nAction: delayed\r\n" in report, report
assert all(Next.senders.count(sender) > 1 for sender in headers), Next.senders
assert not Next.taken, f"the behaviour has changed: {Next.taken}"
print("Exim reports no delay of a letter that is Auto-Submitted, though the sender asked for it")
PY
unshare --mount --net --pid --fork --kill-child bash -euo pipefail inside.sh
