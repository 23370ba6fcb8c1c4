#!/usr/bin/env bash
# jsvat 2.5.4 (npm): Belgian numbers that begin with 1 are no VAT numbers to it. They are issued since 2023,
# when those with 0 were used up. Their check digits are made as those of the others, and jsvat-next 3.0.4,
# a fork, takes them.
# Seen (Node 20):
#                   BE0400840226   BE1000008038   BE1015420546
#   jsvat 2.5.4     valid          invalid        invalid
#   jsvat-next      valid          valid          valid
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
npm install --ignore-scripts --silent --no-audit --no-fund --prefix "$tmp" jsvat@2.5.4 jsvat-next@3.0.4 > /dev/null
cat > look.js <<'JS'
const assert = require('node:assert');
const old = require('jsvat');
const fork = require('jsvat-next');
const valid = (library, country, number) => library.checkVAT(number, [country]).isValid;
const belgian = (first) => `BE${first}${String(97 - (Number(first) % 97)).padStart(2, '0')}`;
const ask = (number) => [valid(old, old.belgium, number), valid(fork, fork.belgium, number)];
assert.strictEqual(belgian('04008402'), 'BE0400840226');
assert.deepStrictEqual(ask('BE0400840226'), [true, true]);
for (const number of ['BE1000008038', 'BE1015420546']) {
  assert.deepStrictEqual(ask(number), [false, true], `the behaviour has changed: ${number}`);
}
for (let first = 10000000; first < 10200000; first += 97) {
  const number = belgian(String(first));
  assert.deepStrictEqual(ask(number), [false, true], `the behaviour has changed: ${number}`);
}
console.log('jsvat refuses each Belgian number that begins with 1');
JS
node look.js
