"""oidc-provider (npm): JWT access tokens for a resource indicator (RFC 8707)."""

import base64
import os
import re
import subprocess
import urllib.parse
from pathlib import Path

from service import RESOURCE, eventually, form, free_port, request

SECRET = "a secret of this trial alone"


def all_kinds():
    return [OidcProvider(alg) for alg in ("RS256", "PS256", "ES256", "EdDSA")]


class OidcProvider:
    """Runs while the `with` block does."""

    def __init__(self, alg):
        self.alg, self.port = alg, free_port()
        self.name, self.url = f"oidc-provider, {alg}", f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        folder = Path(os.environ["PROVIDERS"]) / "npm"
        environment = {**os.environ, "PORT": str(self.port), "ALG": self.alg, "RESOURCE": RESOURCE}
        self.process = subprocess.Popen(
            ["node", "server.mjs"], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        eventually(f"{self.name} did not start", lambda: request("GET", f"{self.url}/jwks")[0] == 200)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def issuers(self):
        return [{
            "issuer": self.url, "jwks_url": f"{self.url}/jwks", "audience": RESOURCE,
            "claims": {"roles": "https://example.com/roles"}, "map": {"roles": {"portal-viewer": "viewer"}},
        }]

    def tokens(self, service):
        scope = "system_users:read"
        client = self._client_credentials(scope)
        yield "client_credentials", f"client fleet-sync, {scope}, 200", service.seen(client)
        yield "client_credentials without scope", "client fleet-sync, nothing, 403", service.seen(self._client_credentials(None))
        yield "the same for another resource", "401", service.seen(self._damaged(client))
        person = self._authorization_code()
        viewer = "accounts:read customers:read system_users:read"
        yield "authorization_code, access token", f"user Ada Lovelace, {viewer}, 200", service.seen(person["access_token"])
        yield "authorization_code, ID token", "401", service.seen(person["id_token"])

    def _basic(self, client):
        # RFC 6749 §2.3.1: both are form-encoded first.
        pair = ":".join(urllib.parse.quote_plus(part) for part in (client, SECRET))
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def _client_credentials(self, scope):
        fields = {"grant_type": "client_credentials", "resource": RESOURCE, **({"scope": scope} if scope else {})}
        return form(f"{self.url}/token", fields, **self._basic("fleet-sync"))["access_token"]

    def _damaged(self, token):
        """The token with the claims of another resource, and the signature that it had."""
        head, claims, signature = token.split(".")
        text = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)).replace(RESOURCE.encode(), b"https://other.example.com")
        return ".".join([head, base64.urlsafe_b64encode(text).decode().rstrip("="), signature])

    def _authorization_code(self):
        """Signs in and consents by the provider's own pages for developers."""
        query = urllib.parse.urlencode({
            "client_id": "portal", "response_type": "code", "scope": "openid email customers:read", "resource": RESOURCE,
            "redirect_uri": f"{self.url}/callback", "nonce": "n-0S6_WzA2Mj",
        })
        url, cookies, fields = f"{self.url}/auth?{query}", {}, None
        for _ in range(20):
            if url.startswith(f"{self.url}/callback"):
                code = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["code"][0]
                fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": f"{self.url}/callback"}
                return form(f"{self.url}/token", fields, **self._basic("portal"))
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
            body = None
            if fields is not None:
                body, headers["Content-Type"] = urllib.parse.urlencode(fields), "application/x-www-form-urlencoded"
            status, answer, text = request("POST" if body else "GET", url, body, **headers)
            for cookie in answer.get_all("Set-Cookie") or []:
                name, value = cookie.split(";")[0].split("=", 1)
                cookies[name] = value
            fields = None
            if location := answer.get("Location"):
                url = urllib.parse.urljoin(url, location)
                continue
            prompt = re.search(r'name="prompt" value="(\w+)"', text)
            action = re.search(r'action="([^"]+)"', text)
            if status != 200 or not prompt or not action:
                raise SystemExit(f"providers: {url} answers with {status}: {text[:2000]}")
            url = urllib.parse.urljoin(url, action[1])
            fields = {"prompt": prompt[1], "login": "ada", "password": "any"} if prompt[1] == "login" else {"prompt": "consent"}
        raise SystemExit("providers: signing in does not end")
