#!/usr/bin/env bash
# joserfc 1.8.0: a key set (JWKS) with one key on a curve that the library does not know cannot be read at
# all, so that no signature of that issuer can be checked. A key of a kind (`kty`) that it does not know is
# left out, as RFC 7517 §5 asks; the same sentence asks it for values out of the supported ranges. The error
# is a KeyError and none of the library's own. jwcrypto 1.6.1 reads both sets. Some issuers have Brainpool
# keys beside P-256.
# No code here works around it: it concerns those who check signatures by a key set.
# Seen (CPython 3.11):
#                            joserfc              jwcrypto
#   P-256, kty "AKP"         P-256                both
#   P-256, crv "BP-256"      KeyError('BP-256')   both
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check joserfc==1.8.0 jwcrypto==1.6.1
"$tmp/venv/bin/python" - <<'PY'
import base64, json

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from jwcrypto.jwk import JWKSet


def text(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def public(curve, name):
    point = ec.generate_private_key(curve).public_key().public_numbers()
    x, y = (text(number.to_bytes(32, "big")) for number in (point.x, point.y))
    return {"kty": "EC", "crv": name, "kid": name, "x": x, "y": y}


known, other_curve = public(ec.SECP256R1(), "P-256"), public(ec.BrainpoolP256R1(), "BP-256")
other_kind = {"kty": "AKP", "alg": "ML-DSA-44", "kid": "AKP", "pub": text(b"\1" * 1312)}

for other in (other_kind, other_curve):
    keys = JWKSet.from_json(json.dumps({"keys": [known, other]}))["keys"]
    assert {key["kid"] for key in keys} == {"P-256", other["kid"]}, other
assert [key.kid for key in KeySet.import_key_set({"keys": [known, other_kind]}).keys] == ["P-256"]
try:
    keys = KeySet.import_key_set({"keys": [known, other_curve]})
    raise SystemExit(f"the behaviour has changed: {[key.kid for key in keys.keys]}")
except KeyError as error:
    assert error.args == ("BP-256",) and not isinstance(error, JoseError), error
print("joserfc: one key on an unknown curve, and no key of the set can be used")
PY
