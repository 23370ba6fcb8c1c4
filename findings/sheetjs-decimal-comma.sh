#!/usr/bin/env bash
# SheetJS (npm `xlsx` 0.18.5): a CSV cell 0,23 is read as the number 23, also where the file is separated by
# semicolons, so that the comma can only be a decimal sign. The original text is kept beside it: the CSV
# that is written from the same workbook says "0,23" again, and a look at it finds nothing wrong;
# `sheet_to_json` and an .xlsx that is written say 23. `raw: true` keeps texts. Seen (Node 18 and later):
#   cell B2          {"t":"n","w":"0,23","v":23}
#   sheet_to_json    [{"email":"a@b.example","rate":23}]
#   sheet_to_csv     a@b.example;"0,23" -> a@b.example,"0,23"
#   .xlsx read again a@b.example,23
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
npm install --ignore-scripts --silent --no-audit --no-fund --prefix "$tmp" xlsx@0.18.5 > /dev/null
cat > look.js <<'JS'
const assert = require('node:assert');
const XLSX = require('xlsx');
const text = 'email;rate\na@b.example;0,23\n';
const book = XLSX.read(text, { type: 'string' });
const sheet = book.Sheets[book.SheetNames[0]];
assert.deepStrictEqual({ ...sheet.B2 }, { t: 'n', w: '0,23', v: 23 });
assert.deepStrictEqual(XLSX.utils.sheet_to_json(sheet), [{ email: 'a@b.example', rate: 23 }]);
assert.strictEqual(XLSX.utils.sheet_to_csv(sheet).trim(), 'email,rate\na@b.example,"0,23"');
const again = XLSX.read(XLSX.write(book, { type: 'buffer', bookType: 'xlsx' }), { type: 'buffer' });
assert.strictEqual(XLSX.utils.sheet_to_csv(again.Sheets[again.SheetNames[0]]).trim(), 'email,rate\na@b.example,23');
const raw = XLSX.read(text, { type: 'string', raw: true });
assert.strictEqual(raw.Sheets[raw.SheetNames[0]].B2.v, '0,23');
console.log('SheetJS reads 0,23 as 23');
JS
node look.js
