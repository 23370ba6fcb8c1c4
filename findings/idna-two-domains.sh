#!/usr/bin/env bash
# One international domain, two names in DNS: Python's own codec `idna` (IDNA 2003) turns ß into ss, the
# package `idna` 3.10 (IDNA 2008, also with `uts46=True`) keeps it, as browsers do. An address at straße.de
# goes to another host, depending on which a program uses. A soft hyphen (U+00AD) or U+200B inside a domain
# is dropped by the codec and by `uts46=True`, and refused without it; email-validator 2.2.0, built on the
# same package, refuses both, and a no-break space before the address. Seen (CPython 3.11):
#   'straße.de'.encode('idna')              b'strasse.de'
#   idna.encode('straße.de')                b'xn--strae-oqa.de'   (with uts46=True, too)
#   idna.encode('exa\u00admple.com')        InvalidCodepoint
#   idna.encode('exa\u00admple.com', uts46=True)   b'example.com'
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check idna==3.10 email-validator==2.2.0
"$tmp/venv/bin/python" - <<'PY'
import idna
from email_validator import EmailNotValidError, validate_email

assert "straße.de".encode("idna") == b"strasse.de"
assert idna.encode("straße.de") == idna.encode("straße.de", uts46=True) == b"xn--strae-oqa.de"
for domain in ("exa\u00admple.com", "exam\u200bple.com"):
    assert domain.encode("idna") == idna.encode(domain, uts46=True) == b"example.com"
    try:
        raise SystemExit(f"accepted: {idna.encode(domain)}")
    except idna.InvalidCodepoint:
        pass
for text in ("ada@exa\u00admple.com", "ada@exam\u200bple.com", "\u00a0ada@example.org"):
    try:
        raise SystemExit(f"accepted: {validate_email(text, check_deliverability=False).normalized}")
    except EmailNotValidError as error:
        assert "unsafe characters" in str(error), error
print("straße.de is strasse.de to one and xn--strae-oqa.de to the other")
PY
