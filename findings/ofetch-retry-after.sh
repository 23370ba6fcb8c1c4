#!/usr/bin/env bash
# ofetch 1.5.1: with `retry`, a POST that is answered with 503 or 429 is sent again at once, though `Retry-After` names
# seconds to wait; so is one whose connection was closed before the answer. One would expect the wait, and that a POST is
# repeated only where it cannot have a second effect.
# Here each POST with an `Idempotency-Key` may be sent again, and docs/clients.md has a `fetch` that waits.
# Seen (Node 20), with `Retry-After: 2`:
#   503        2 requests, the second after 58 ms
#   closed     2 requests
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ofetch@1.5.1
cat > seen.mjs <<'JS'
import assert from "node:assert/strict";
import http from "node:http";
import { ofetch } from "ofetch";

let times = [];
let closes = false;
const server = http.createServer((request, response) => {
  times.push(Date.now());
  request.resume();
  if (times.length > 1) return response.writeHead(204).end();
  if (closes) return request.socket.destroy();
  response.writeHead(503, { "Retry-After": "2" }).end();
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
for (closes of [false, true]) {
  times = [];
  await ofetch(`http://127.0.0.1:${server.address().port}/`, { method: "POST", body: {}, retry: 2 });
  assert.equal(times.length, 2, "the behaviour has changed: it is not sent again");
  assert.ok(times[1] - times[0] < 1000, "the behaviour has changed: it waits");
}
console.log("ofetch: a POST is sent again at once, whatever `Retry-After` says");
process.exit(0);
JS
node seen.mjs
