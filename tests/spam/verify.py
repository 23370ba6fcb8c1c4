"""verify.py FOLDER SELECTOR=KEY...: verifies the signatures of the letters below FOLDER with dkimpy.

Letters in a folder whose name ends in `signed` have one signature for each selector, the others have none.
"""

import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import dkim

records = {}
for argument in sys.argv[2:]:
    selector, key = argument.split("=", 1)
    der = subprocess.run(
        ["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True
    ).stdout
    kind = "rsa" if len(der) > 100 else "ed25519"
    # The record of an Ed25519 key has the bare key, the last 32 bytes (RFC 8463 §4).
    public = b64encode(der if kind == "rsa" else der[-32:]).decode()
    records[f"{selector}._domainkey.voltmark.example."] = f"v=DKIM1; k={kind}; p={public}".encode()


def look_up(name, timeout=5):
    name = name.decode() if isinstance(name, bytes) else name
    return records[name]


def is_good(message, place=0):
    """Whether a signature is good: dkimpy raises an error for one of another body."""
    try:
        return message.verify(idx=place, dnsfunc=look_up)
    except dkim.ValidationError:
        return False


letters, signatures = 0, 0
for letter in sorted(Path(sys.argv[1]).rglob("*.eml")):
    source = letter.read_bytes()
    message = dkim.DKIM(source)
    found = sum(name.lower() == b"dkim-signature" for name, _ in message.headers)
    expected = len(records) if letter.parent.name.endswith("signed") else 0
    if found != expected:
        sys.exit(f"{letter} has {found} signatures, not {expected}")
    for place in range(found):
        if not is_good(message, place):
            sys.exit(f"signature {place} of {letter} is not good")
    if found and is_good(dkim.DKIM(source.replace(b"ada@example.com", b"eve@example.com"))):
        sys.exit(f"a forged copy of {letter} is taken for good")
    letters, signatures = letters + 1, signatures + found
print(f"verified: {signatures} signatures of {letters} letters")
if signatures == 0:
    sys.exit("no letter was signed")
