"""What official libraries of mail providers say of a request, and messages as Amazon SNS signs them.

Runs where the libraries are installed (./run): `ses` and `azure` read a captured request from standard input and print
`same signature, …`, or how it differs; `keys FOLDER` makes an authority, a certificate of a host and one that signs
messages; `message FOLDER TYPE VERSION TEXT` prints a signed message.
"""

import base64
import datetime
import json
import sys
import urllib.parse
from pathlib import Path

ARN = "arn:aws:sns:eu-central-1:123456789012:ses-events"
HOST = "sns.eu-central-1.amazonaws.com"
CERTIFICATE = f"https://{HOST}/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem"


def ses(captured, operation, key_id, secret, region):
    """botocore: signature version 4, and whether path and body have the shape of its model."""
    import botocore.session
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.validate import ParamValidator

    headers, path = captured["headers"], urllib.parse.urlsplit(captured["url"]).path
    content_type = {"Content-Type": headers["content-type"]} if "content-type" in headers else {}
    request = AWSRequest(captured["method"], captured["url"], data=captured["body"] or None, headers=content_type)
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials(key_id, secret), "ses", region)
    request.headers["X-Amz-Date"] = headers["x-amz-date"]
    to_sign = auth.string_to_sign(request, auth.canonical_request(request))
    expected = f"Signature={auth.signature(to_sign, request)}"
    model = botocore.session.get_session().get_service_model("sesv2").operation_model(operation)
    wanted = model.http["requestUri"]
    # The one question has its only parameter in the path.
    sent = json.loads(captured["body"]) if captured["body"] else {"MessageId": path.rstrip("/").rsplit("/", 1)[1]}
    report = ParamValidator().validate(sent, model.input_shape)
    if report.has_errors() or model.http["method"] != captured["method"] or wanted.format(**sent) != path:
        return f"another shape: {report.generate_report()} {model.http} {path}"
    seen = headers["authorization"].rsplit(" ", 1)[1]
    return "same signature, its model's shape" if seen == expected else f"another signature: {seen}, {expected}"


def azure(captured, key):
    """azure-communication-email: the signature of its policy, at the same time."""
    from azure.communication.email._shared import policy
    from azure.core.pipeline import PipelineContext, PipelineRequest
    from azure.core.pipeline.transport import HttpRequest

    headers, url = captured["headers"], captured["url"]
    policy.get_current_utc_time = lambda: headers["x-ms-date"]
    request = HttpRequest(captured["method"], url, headers={})
    request.data = captured["body"]
    wrapped = PipelineRequest(request, PipelineContext(None))
    policy.HMACCredentialsPolicy(url.split("/emails")[0], key).on_request(wrapped)
    names = "Authorization", "x-ms-content-sha256"
    differing = [name for name in names if headers[name.lower()] != request.headers[name]]
    return f"differs: {differing}" if differing else "same signature"


def keys(folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    folder, now = Path(folder), datetime.datetime.now(datetime.timezone.utc)
    name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    authority = rsa.generate_private_key(65537, 2048)

    def certificate(file, subject, is_authority):
        key = authority if is_authority else rsa.generate_private_key(65537, 2048)
        builder = (
            x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name("A trial's authority"))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if not is_authority:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
        made = builder.sign(authority, hashes.SHA256())
        (folder / f"{file}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        form = serialization.PrivateFormat.PKCS8
        (folder / f"{file}.key").write_bytes(
            key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        )

    certificate("authority", "A trial's authority", True)
    certificate("host", HOST, False)
    certificate("signer", "sns.amazonaws.com", False)
    return "made"


def message(folder, kind, version, text):
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    now = datetime.datetime.now(datetime.timezone.utc)
    made = {
        "Type": kind, "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": ARN, "Message": text,
        "Timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "SignatureVersion": version, "SigningCertURL": CERTIFICATE,
    }
    if kind != "Notification":
        made["Token"] = "2336412f37"
        made["SubscribeURL"] = f"https://{HOST}/?Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37"
    names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    signed = "".join(f"{name}\n{made[name]}\n" for name in names if name in made)
    key = serialization.load_pem_private_key((Path(folder) / "signer.key").read_bytes(), None)
    digest = hashes.SHA1() if version == "1" else hashes.SHA256()
    made["Signature"] = base64.b64encode(key.sign(signed.encode(), padding.PKCS1v15(), digest)).decode()
    return json.dumps(made)


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what in ("ses", "azure"):
        arguments.insert(0, json.load(sys.stdin))
    print({"ses": ses, "azure": azure, "keys": keys, "message": message}[what](*arguments))
