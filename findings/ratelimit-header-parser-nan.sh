#!/usr/bin/env bash
# ratelimit-header-parser 0.1.0 (npm): of `RateLimit` as the IETF drafts have it since the eighth
# (draft-ietf-httpapi-ratelimit-headers-08 to -10) it makes NaN and an invalid date. Its documentation
# promises `undefined` where it finds no limit. A caller that asks `if (info && info.remaining < 1)` never
# waits. Draft 7 is read.
# Here http/middleware/rate_limit.rs sends draft 10.
# Seen (Node 20):
#   RateLimit: limit=100, remaining=0, reset=30     limit 100, remaining 0, reset in 30 s
#   RateLimit: "public";r=0;t=30, and               limit NaN, used NaN, remaining NaN, reset Invalid Date
#     RateLimit-Policy: "public";q=100;w=60
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
npm install --ignore-scripts --silent --no-audit --no-fund --prefix "$tmp" ratelimit-header-parser@0.1.0 > /dev/null
cat > look.mjs <<'JS'
import assert from 'node:assert';
import { parseRateLimit } from 'ratelimit-header-parser';

assert.strictEqual(parseRateLimit(new Headers({ 'content-type': 'text/plain' })), undefined);
const seventh = parseRateLimit(new Headers({ ratelimit: 'limit=100, remaining=0, reset=30' }));
assert.deepStrictEqual([seventh.limit, seventh.used, seventh.remaining], [100, 100, 0]);
const tenth = parseRateLimit(new Headers({
  ratelimit: '"public";r=0;t=30',
  'ratelimit-policy': '"public";q=100;w=60',
}));
assert.deepStrictEqual(
  tenth && [tenth.limit, tenth.used, tenth.remaining, tenth.reset.getTime()],
  [NaN, NaN, NaN, NaN],
  'the behaviour has changed',
);
assert.strictEqual(tenth.remaining < 1, false);
console.log('ratelimit-header-parser reads "public";r=0;t=30 as NaN');
JS
node look.mjs
