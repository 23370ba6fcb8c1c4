"""The endpoints that read, and the requests that are sent to each."""

import base64
import hashlib
import json
from urllib.parse import quote

from service import token


def read_endpoints(service, values):
    """Their names, and for each a function that draws a request: a path, or a path and a body."""
    name, user, invitation, account = values.name, values.user, values.invitation, values.account
    invitations, users, accounts = (Middle(service, f"/v1/{of}") for of in ("invitations", "users", "accounts"))
    invitations_by_email, users_by_email = (Middle(service, f"/v1/{of}?sort=email") for of in ("invitations", "users"))
    searched = {
        "one address": lambda: values.one_of(values.users, 1),
        "a rare name": lambda: name("rare"),
        "a name of one in 1,000": lambda: name("middling"),
        "a common name": lambda: name("common"),
        "nothing": values.absent,
        "nothing, common parts": values.absent_pair,
        "two characters": lambda: name("beginnings"),
    }
    typed = {
        "a company": lambda: values.one_of(values.companies),
        "a common name": lambda: name("common"),
        "nothing": values.absent,
        "two characters": lambda: name("beginnings"),
    }
    return {
        "get: invitation": lambda: f"/v1/invitations/{invitation()}",
        "get: user": lambda: f"/v1/users/{user()}",
        "get: account": lambda: f"/v1/accounts/{account()}",
        "get: export of a user": lambda: f"/v1/users/{user()}/export",
        "get: timeline": lambda: f"/v1/invitations/{invitation()}/events",
        "get: preview of a link": lambda: ("/v1/activations/preview", {"token": values.link()}),
        "list: invitations": lambda: "/v1/invitations",
        "list: invitations, middle": lambda: invitations.page(invitation()),
        "list: invitations, by expiry": lambda: "/v1/invitations?sort=expires_at",
        "list: invitations, by address": lambda: "/v1/invitations?sort=email",
        "list: invitations, by address, middle": lambda: invitations_by_email.page(values.place(values.invitations)),
        "list: users": lambda: "/v1/users",
        "list: users, middle": lambda: users.page(user()),
        "list: users, by address": lambda: "/v1/users?sort=email",
        "list: users, by address, middle": lambda: users_by_email.page(values.place(values.users)),
        "list: accounts": lambda: "/v1/accounts",
        "list: accounts, middle": lambda: accounts.page(account()),
        "list: audit events": lambda: "/v1/audit-events",
        "list: suppressions": lambda: "/v1/suppressions",
        "filter: invitations, pending": lambda: "/v1/invitations?status=pending",
        "filter: invitations, pending or expired": lambda: "/v1/invitations?status=pending,expired",
        "filter: invitations, revoked": lambda: "/v1/invitations?status=revoked",
        "filter: invitations, of account owners": lambda: "/v1/invitations?kind=account_owner",
        "filter: invitations, queued": lambda: "/v1/invitations?delivery=queued",
        "filter: invitations, bounced": lambda: "/v1/invitations?delivery=bounced",
        "filter: invitations, to an address": lambda: f"/v1/invitations?email={quote(values.one_of(values.invitations, 1))}",
        "filter: invitations, to an account": lambda: f"/v1/invitations?account_id={account()}",
        "filter: users, system users": lambda: "/v1/users?kind=system_user",
        "filter: users, admins": lambda: "/v1/users?role=admin",
        "filter: users, of an account": lambda: f"/v1/users?account_id={account()}",
        "filter: accounts, below an account": lambda: f"/v1/accounts/{values.one_of(values.parents)}/sub-accounts",
        "filter: audit events, of an object": lambda: f"/v1/audit-events?object={invitation()}",
        **{f"search: invitations, {what}": search("/v1/invitations", draw) for what, draw in searched.items()},
        **{f"search: users, {what}": search("/v1/users", draw) for what, draw in searched.items()},
        **{f"type-ahead: accounts, {what}": search("/v1/accounts", draw) for what, draw in typed.items()},
        "counts: invitations": lambda: "/v1/invitations/counts",
        "counts: users": lambda: "/v1/users/counts",
    }


def search(path, draw):
    return lambda: f"{path}?search={quote(draw())}"


class Middle:
    """Pages of a list from a cursor on that no page before has given: see src/services/cursor.rs."""

    def __init__(self, service, path):
        self.path = path
        first = json.loads(service.answer("GET", path)[1])["next_cursor"]
        self.list = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4))[:8]

    def page(self, position):
        body = self.list + position.encode()
        cursor = base64.urlsafe_b64encode(body + hashlib.sha256(body).digest()[:4]).decode().rstrip("=")
        return f"{self.path}{'&' if '?' in self.path else '?'}cursor={cursor}"


def request(drawn, agent):
    """What is sent for it."""
    path, body = drawn if isinstance(drawn, tuple) else (drawn, None)
    text = json.dumps(body) if body else ""
    lines = [
        f"{'POST' if body else 'GET'} {path} HTTP/1.1",
        "Host: 127.0.0.1", f"Authorization: Bearer {token()}", f"User-Agent: {agent}",
        *(["Content-Type: application/json", f"Content-Length: {len(text)}"] if body else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + text).encode()
