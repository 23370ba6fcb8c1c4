#!/usr/bin/env bash
# axios-retry 4.5.0 with axios 1.21.1: by default a POST is sent again when its connection was closed before the answer,
# which may have been carried out. A 503 to a POST is not sent again, though nothing was done.
# Here a POST with an `Idempotency-Key` has its effect once however often it comes (docs/clients.md); one without a key may
# have it twice with this library.
# Seen (Node 20):
#   closed     2 requests
#   503        1 request
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund axios@1.21.1 axios-retry@4.5.0
cat > seen.mjs <<'JS'
import assert from "node:assert/strict";
import http from "node:http";
import axios from "axios";
import axiosRetry from "axios-retry";

let requests = 0;
let closes = true;
const server = http.createServer((request, response) => {
  requests += 1;
  request.resume();
  if (requests > 1) return response.writeHead(204).end();
  if (closes) return request.socket.destroy();
  response.writeHead(503, { "Retry-After": "0" }).end();
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const client = axios.create();
axiosRetry(client);
const seen = [];
for (closes of [true, false]) {
  requests = 0;
  await client.post(`http://127.0.0.1:${server.address().port}/`, {}).catch(() => undefined);
  seen.push(requests);
}
assert.deepEqual(seen, [2, 1], `the behaviour has changed: ${seen}`);
console.log("axios-retry: a POST is sent again after a closed connection, and not after 503");
process.exit(0);
JS
node seen.mjs
