"""Amazon SES and Azure Communication Services: what official libraries sign and verify, and the service.

botocore and azure-communication-email (PyPI) sign the requests that the service sent, at the same time: a letter, and the
question what became of it. sns-validator (npm) verifies the same messages that the service gets; its certificate comes from a
stand-in for Amazon's host, behind a proxy.
"""

import json
import os
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from service import eventually, request

KEY_ID, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI%2FK7MDENG+bPxRfiCYEXAMPLEKEY", "eu-central-1"
AZURE_KEY, HEADER_SECRET = "YW4gYWNjZXNzIGtleSBvZiB0aGlzIHRyaWFs", "a-secret-of-this-trial"
FOLDER = Path(__file__).parent


def library(*arguments, given=None):
    """What the libraries' program prints."""
    python = Path(os.environ["PROVIDERS"]) / "mail/bin/python"
    command = [python, FOLDER / "mail_libraries.py", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60)
    return done.stdout.strip() or f"{done.returncode}: {done.stderr.strip()[-300:]}"


class Api:
    """A provider's interface: keeps requests, and gives one answer to a letter and one to a question."""

    def __init__(self, status, answer, known):
        api = self
        self.requests = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.answer(status, answer)

            def do_GET(self):
                self.answer(200, known)

            def answer(self, status, answer):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = {"method": self.command, "url": f"{api.url}{self.path}", "headers": headers, "body": body}
                api.requests.append(request)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Proxy:
    """Tunnels lead to a stand-in for Amazon's host, whatever they ask for."""

    def __init__(self, folder):
        proxy = self
        self.asked, self.hosts = [], []
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / "host.pem", folder / "host.key")

        class Handler(BaseHTTPRequestHandler):
            def do_CONNECT(self):
                proxy.hosts.append(self.path)
                self.send_response(200)
                self.end_headers()
                with context.wrap_socket(self.connection, server_side=True) as tunnel:
                    asked = tunnel.recv(65536).decode().split(" ")[1]
                    proxy.asked.append(asked)
                    body = (folder / "signer.pem").read_bytes() if asked.endswith(".pem") else b"<Confirmed/>"
                    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                    tunnel.sendall(head.encode() + body)
                self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def invite(service):
    """Invites a person: functions that give the letter's state, and what comes of a recheck."""
    headers = {"Authorization": f"Bearer {service.token('--role', 'admin')}", "Content-Type": "application/json"}
    body = json.dumps({"email": "ada@example.com", "roles": ["viewer"]})
    status, _, text = request("POST", f"{service.url}/v1/system-users/invitations", body, **headers)
    if status != 201:
        raise SystemExit(f"providers: no invitation: {status}: {text}")
    url = f"{service.url}/v1/invitations/{json.loads(text)['id']}"
    state = lambda: json.loads(request("GET", url, **headers)[2])["delivery"]["state"]

    def recheck():
        status, _, text = request("POST", f"{url}/recheck", "{}", **headers)
        answer = json.loads(text)
        return f"{status} {answer['delivery']['state'] if status == 200 else answer}"

    return state, recheck


class Ses:
    """Amazon SES and Amazon SNS."""

    name = "Amazon SES"

    def __init__(self, folder):
        self.folder = Path(folder) / "sns"

    def __enter__(self):
        self.folder.mkdir(exist_ok=True)
        library("keys", self.folder)
        delay = {"Type": "DELIVERY_DELAY", "Timestamp": 1_795_521_600}
        known = {"MessageId": "m-1", "Insights": [{"Destination": "ada@example.com", "Events": [delay]}]}
        self.api, self.proxy = Api(200, {"MessageId": "m-1"}, known), Proxy(self.folder)
        return self

    def __exit__(self, *_):
        self.api.close()
        self.proxy.close()

    def issuers(self):
        return None

    def settings(self):
        return {
            "MAIL_URL": f"ses://{KEY_ID}:{SECRET}@{REGION}?configuration_set=invitations&api={self.api.url}",
            "MAIL_FROM": "Größe <no-reply@voltmark.example>",
            "MAIL_EVENTS_SES": "arn:aws:sns:eu-central-1:123456789012:ses-events",
            "HTTPS_PROXY": self.proxy.url, "SSL_CERT_FILE": str(self.folder / "authority.pem"),
        }

    def tokens(self, service):
        self.api.requests.clear()
        state, recheck = invite(service)
        sent = eventually("no letter was sent", lambda: self.api.requests and self.api.requests[0])
        yield "a letter, by botocore", "same signature, its model's shape", self.judged("SendEmail", sent)
        eventually("the letter is not recorded", lambda: state() == "sent")
        yield "a recheck", "200 deferred", recheck()
        asked = self.api.requests[-1]
        yield "the question, by botocore", "same signature, its model's shape", self.judged("GetMessageInsights", asked)
        self.proxy.asked.clear()
        confirmation = library("message", self.folder, "SubscriptionConfirmation", "1", "You have chosen to subscribe")
        yield "a subscription, by sns-validator and the service", "valid, 200", self.verdicts(service, confirmation)
        paths = [asked.split("?")[0] for asked in self.proxy.asked]
        yield "what Amazon was asked", "certificate, confirmation", self.asked(paths)
        hosts = ", ".join(sorted(set(self.proxy.hosts)))
        yield "where", "sns.eu-central-1.amazonaws.com:443", hosts
        event = json.dumps({"eventType": "Delivery", "mail": {"messageId": "m-1"}, "delivery": {}})
        for version in "1", "2":
            message = library("message", self.folder, "Notification", version, event)
            yield f"a delivery, version {version}", "valid, 200", self.verdicts(service, message)
            forged = message.replace("Delivery", "Complaint")
            yield f"the same forged, version {version}", "The message signature is invalid., 401", self.verdicts(service, forged)
        yield "the letter then", "delivered", state()

    def judged(self, operation, captured):
        """What botocore says of a request."""
        return library("ses", operation, KEY_ID, SECRET.replace("%2F", "/"), REGION, given=json.dumps(captured))

    def asked(self, paths):
        kinds = ["certificate" if path.endswith(".pem") else "confirmation" for path in paths]
        # Once it is known, the certificate is not fetched again.
        return ", ".join(kinds) if "certificate" in kinds else f"certificate, {', '.join(kinds)}"

    def verdicts(self, service, message):
        """What AWS's validator says, and the service's status."""
        folder = Path(os.environ["PROVIDERS"]) / "sns-validator"
        command = ["node", "validate.mjs", message, self.folder / "signer.pem"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
        headers = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-topic-arn": json.loads(message)["TopicArn"]}
        status, _, _ = request("POST", f"{service.url}/v1/mail-events/ses", message, **headers)
        return f"{done.stdout.strip() or done.stderr.strip()[-200:]}, {status}"


class Azure:
    """Azure Communication Services."""

    name = "Azure Communication Services"

    def __enter__(self):
        operation = {"id": "8540c0de-899f-5cce-acb5-3ec493af3800", "status": "Running"}
        self.api = Api(202, operation, operation)
        return self

    def __exit__(self, *_):
        self.api.close()

    def issuers(self):
        return None

    def settings(self):
        return {
            "MAIL_URL": f"azure://{AZURE_KEY}@voltmark?api={self.api.url}", "MAIL_FROM": "no-reply@voltmark.example",
            "MAIL_EVENTS_AZURE": HEADER_SECRET,
        }

    def tokens(self, service):
        self.api.requests.clear()
        state, recheck = invite(service)
        judged = lambda captured: library("azure", AZURE_KEY, given=json.dumps(captured))
        sent = eventually("no letter was sent", lambda: self.api.requests and self.api.requests[0])
        yield "a letter, by azure-communication-email", "same signature", judged(sent)
        eventually("the letter is not recorded", lambda: state() == "sent")
        yield "a recheck", "200 sent", recheck()
        yield "the question, by azure-communication-email", "same signature", judged(self.api.requests[-1])
        validation = [{
            "id": "1", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "c-1"},
        }]
        yield "the validation", '200 {"validationResponse":"c-1"}', self.report(service, validation)
        report = [{
            "id": "2", "eventType": "Microsoft.Communication.EmailDeliveryReportReceived",
            "data": {"messageId": "8540C0DE-899F-5CCE-ACB5-3EC493AF3800", "status": "Delivered"},
        }]
        yield "a delivery", '200 {"received":1}', self.report(service, report)
        yield "the letter then", "delivered", state()

    def report(self, service, events):
        headers = {"Content-Type": "application/json; charset=utf-8", "X-Mail-Events-Secret": HEADER_SECRET}
        status, _, text = request("POST", f"{service.url}/v1/mail-events/azure", json.dumps(events), **headers)
        return f"{status} {text}"
