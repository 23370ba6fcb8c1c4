#!/usr/bin/env bash
# nginx 1.22.1 as a proxy: with `gzip on` it compresses an answer that has `Cache-Control: no-transform`,
# and makes its strong ETag weak. RFC 9110 §7.7 forbids a proxy to transform such an answer; Apache and
# Envoy leave it alone, as their documentation says. A client that sends that tag in `If-Match`, where only
# strong tags count, has its change refused, if and only if it had asked for compression.
# Here docs/operations.md#a-mistyped-address warns of it.
# Seen (Debian 12):
#                                 no-store                 no-store, no-transform
#   Accept-Encoding: identity     ETag: "v1"               ETag: "v1"
#   Accept-Encoding: gzip         ETag: W/"v1", gzip       ETag: W/"v1", gzip
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
apt-get download -qq nginx 2> /dev/null
[ -e nginx_1.22.1-* ] || { echo "there is another nginx than 1.22.1: $(ls)" >&2; exit 1; }
dpkg -x nginx_1.22.1-* root
cat > proxy.py <<'PY'
import http.client, subprocess, sys, threading, time
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import socket


class Origin(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"email": "ada@example.com"}' * 20
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", self.path[1:].replace("+", ", "))
        self.send_header("ETag", '"v1"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


origin = HTTPServer(("127.0.0.1", 0), Origin)
threading.Thread(target=origin.serve_forever, daemon=True).start()
with socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
paths = " ".join(f"{name}_temp_path {name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
with open("nginx.conf", "w") as file:
    file.write(f"""daemon off; master_process off; pid nginx.pid; error_log stderr error;
events {{}}
http {{
    access_log off; {paths}
    server {{
        listen 127.0.0.1:{port};
        gzip on; gzip_types application/json;
        location / {{ proxy_pass http://127.0.0.1:{origin.server_port}; }}
    }}
}}""")
folder = sys.argv[1]
nginx = subprocess.Popen([f"{folder}/root/usr/sbin/nginx", "-p", f"{folder}/", "-c", f"{folder}/nginx.conf"])


def ask(cache_control, encoding):
    for _ in range(50):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", f"/{cache_control}", headers={"Accept-Encoding": encoding})
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read(), answer.status
    assert answer.headers["Cache-Control"] == cache_control.replace("+", ", ")
    return answer.headers["ETag"], answer.headers["Content-Encoding"]


try:
    for cache_control in ("no-store", "no-store+no-transform"):
        assert ask(cache_control, "identity") == ('"v1"', None)
        said = ask(cache_control, "gzip")
        assert said == ('W/"v1"', "gzip"), f"the behaviour has changed: {cache_control}: {said}"
finally:
    nginx.terminate()
    nginx.wait()
print('nginx compresses in spite of no-transform: "v1" becomes W/"v1"')
PY
python3 proxy.py "$tmp"
