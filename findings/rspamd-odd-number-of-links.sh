#!/usr/bin/env bash
# rspamd 3.4: a letter in text and HTML (`multipart/alternative`) gets a point if it has an odd number of links
# (URI_COUNT_ODD). The links of both are counted together, as often as they occur; those that only the HTML has
# are left out, images are not. So the usual letter with one link gets the point: a button, the address below it
# for those who cannot press it, and the address in the text. With a second button it gets none, and with a logo
# that is loaded from a server it gets it again.
# Here the letters' HTML has the link as often as makes an even number with the text (docs/decisions.md).
# Seen (Debian 12; the text has the link once):
#   HTML: a button                                none
#   HTML: a button, and the address below it      URI_COUNT_ODD 1.0
#   HTML: two buttons, and the address            none
#   HTML: a button, and a logo                    URI_COUNT_ODD 1.0
#   HTML: a button, and a link elsewhere          none
set -euo pipefail
tmp=$(mktemp -d)
rspamd=
trap '[ -z "$rspamd" ] || kill "$rspamd"; wait; rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
cd "$tmp"
mkdir packages root conf data
packages=$(apt-get install --simulate --reinstall --no-install-recommends rspamd 2> /dev/null |
    awk '/^Inst/ { print $2 }')
# shellcheck disable=SC2086  # a list
(cd packages && apt-get download -qq $packages 2> /dev/null)
[ -e packages/rspamd_3.4-* ] || { echo "there is another rspamd than 3.4" >&2; exit 1; }
for package in packages/*.deb; do dpkg-deb -x "$package" root; done
share=$tmp/root/usr/share/rspamd
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(port)
cp -r root/etc/rspamd/. conf
mkdir -p conf/override.d
printf 'bind_socket = "127.0.0.1:%s";\ncount = 1;\n' "$port" > conf/override.d/worker-normal.inc
for worker in controller proxy fuzzy; do echo 'enabled = false;' > "conf/override.d/worker-$worker.inc"; done
# Nothing is looked up, and nothing is compiled for this machine.
printf 'dns { nameserver = ["127.0.0.1:%s"]; timeout = 0.05s; retransmits = 1; }\ndisable_hyperscan = true;\n' \
    "$(port)" > conf/override.d/options.inc
printf 'type = "file";\nfilename = "%s/data/log";\nlevel = "error";\n' "$tmp" > conf/override.d/logging.inc
[ "$(id -u)" != 0 ] || chown -R nobody:nogroup data
user=$([ "$(id -u)" = 0 ] && echo nobody || id -un)
LD_LIBRARY_PATH=$(echo "$tmp"/root/usr/lib/*-linux-gnu):$tmp/root/usr/lib/rspamd
export LD_LIBRARY_PATH
root/usr/bin/rspamd --no-fork --insecure --user "$user" --group "$(id -gn "$user")" --config "$tmp/conf/rspamd.conf" \
    --var "CONFDIR=$tmp/conf" --var "LOCAL_CONFDIR=$tmp/conf" --var "SHAREDIR=$share" --var "RULESDIR=$share/rules" \
    --var "LUALIBDIR=$share/lualib" --var "PLUGINSDIR=$share/plugins" --var "WWWDIR=$share/www" \
    --var "DBDIR=$tmp/data" --var "RUNDIR=$tmp/data" --var "LOGDIR=$tmp/data" > rspamd.out 2>&1 &
rspamd=$!
cat > look.py <<'PY'
import http.client, json, sys, time

LINK = "https://invite.example.com/activate"
BUTTON, ADDRESS = f'<p><a href="{LINK}">Activate</a></p>\r\n', f"<p>{LINK}</p>\r\n"
LOGO = '<p><img src="https://www.example.com/logo.png" alt="Example"></p>\r\n'
ELSEWHERE = '<p><a href="https://www.example.com/help">Help</a></p>\r\n'


def letter(html):
    return f"""From: Example <no-reply@example.com>\r
To: ada@example.org\r
Subject: Grace invites you\r
Date: Mon, 30 Nov 2026 12:00:00 +0000\r
Message-ID: <1@example.com>\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary=part\r
\r
--part\r
Content-Type: text/plain; charset=utf-8\r
\r
Grace invites you.\r
{LINK}\r
--part\r
Content-Type: text/html; charset=utf-8\r
\r
<html><body><p>Grace invites you.</p>\r
{html}</body></html>\r
--part--\r
"""


def score(message):
    """The points for the number of links; none where rspamd does not speak of it."""
    for attempt in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=30)
            connection.request("POST", "/checkv2", message.encode())
            symbols = json.loads(connection.getresponse().read())["symbols"]
            return symbols.get("URI_COUNT_ODD", {}).get("score")
        except ConnectionRefusedError:
            time.sleep(0.2)
    sys.exit("rspamd does not start")


for html, expected in (
    (BUTTON, None),
    (BUTTON + ADDRESS, 1.0),
    (BUTTON + BUTTON + ADDRESS, None),
    (BUTTON + LOGO, 1.0),
    (BUTTON + ELSEWHERE, None),
):
    seen = score(letter(html))
    assert seen == expected, f"the behaviour has changed: {html}: {seen}"
print("rspamd adds a point to a letter with an odd number of links")
PY
python3 look.py "$port"
