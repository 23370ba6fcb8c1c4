#!/usr/bin/env bash
# requests 2.34.2 and httpx 0.28.1: `response.links` cuts the address of a `Link` (RFC 8288) at its first
# `;`, which RFC 3986 allows in a query and which stands between `<` and `>`. Who follows
# `links["next"]["url"]` asks for another list than the one they were reading, without a cursor: its first
# page. With `%3B` the address is whole.
# Here http/response/page.rs writes the query with `%3B`.
# Seen (CPython 3.11):
#   Link: </users?search=a;b&cursor=c>; rel="next"      requests, httpx: '/users?search=a'
#   Link: </users?search=a%3Bb&cursor=c>; rel="next"    requests, httpx: '/users?search=a%3Bb&cursor=c'
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check requests==2.34.2 httpx==0.28.1
"$tmp/venv/bin/python" - <<'PY'
import httpx
import requests


def followed(link):
    """The address of the next page, as either library has it."""
    response = requests.Response()
    response.headers["Link"] = link
    return response.links["next"]["url"], httpx.Response(200, headers={"Link": link}).links["next"]["url"]


for address, seen in (
    ("/users?search=a,b&cursor=c", "/users?search=a,b&cursor=c"),
    ("/users?search=a%3Bb&cursor=c", "/users?search=a%3Bb&cursor=c"),
    ("/users?search=a;b&cursor=c", "/users?search=a"),
):
    said = followed(f'<{address}>; rel="next"')
    assert said == (seen, seen), f"the behaviour has changed: {address}: {said}"
print("requests and httpx follow </users?search=a;b&cursor=c> to /users?search=a")
PY
