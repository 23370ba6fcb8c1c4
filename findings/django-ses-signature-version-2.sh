#!/usr/bin/env bash
# django-ses 4.8.2: reports of Amazon SES whose topic signs with SHA-256 are refused, all of them. Amazon SNS lets
# the owner of a topic choose (its attribute `SignatureVersion`, 1 or 2). The field is not read: SHA-1 is used for
# both. The webhook answers 400 "Signature verification failed" to a good signature, so that no bounce and no
# complaint is seen from the day on which the topic is changed.
# No code here works around it: the reader of mail/providers/ses takes both.
# Seen (CPython 3.11, Django 5.2.19):
#   SignatureVersion 1, RSA with SHA-1       verified, 200
#   SignatureVersion 2, RSA with SHA-256     not verified, 400
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check "django-ses[events]==4.8.2" Django==5.2.19
"$tmp/venv/bin/python" - <<'PY'
import base64, datetime, json, logging

import django
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.conf import settings

apps = ["django.contrib.contenttypes", "django.contrib.auth", "django_ses"]
settings.configure(INSTALLED_APPS=apps, ALLOWED_HOSTS=["*"], SECRET_KEY="none", USE_TZ=True)
django.setup()
logging.disable()
from django.test import RequestFactory
from django_ses import utils, views

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
NOW = datetime.datetime(2026, 11, 30)
certificate = x509.CertificateBuilder(NAME, NAME, KEY.public_key(), 1, NOW, NOW + datetime.timedelta(days=9))
URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem"
utils._CERT_CACHE[URL] = certificate.sign(KEY, hashes.SHA256())


def notification(version, digest):
    """A report of Amazon SNS, signed as its documentation says."""
    report = {"notificationType": "Delivery", "mail": {"messageId": "1"}, "delivery": {"recipients": []}}
    fields = {
        "Message": json.dumps(report),
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "Timestamp": "2026-11-30T12:00:00.000Z",
        "TopicArn": "arn:aws:sns:eu-central-1:123456789012:letters",
        "Type": "Notification",
    }
    signed = "".join(f"{name}\n{value}\n" for name, value in fields.items()).encode()
    signature = base64.b64encode(KEY.sign(signed, padding.PKCS1v15(), digest)).decode()
    return fields | {"SignatureVersion": version, "Signature": signature, "SigningCertURL": URL}


seen = {}
for version, digest in (("1", hashes.SHA1()), ("2", hashes.SHA256())):
    message = notification(version, digest)
    request = RequestFactory().post("/", json.dumps(message), content_type="application/json")
    answer = views.SESEventWebhookView.as_view()(request)
    seen[version] = utils.verify_event_message(message), answer.status_code
assert seen == {"1": (True, 200), "2": (False, 400)}, f"the behaviour has changed: {seen}"
print("django-ses refuses reports that are signed with SHA-256")
PY
