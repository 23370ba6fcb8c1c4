"""Gets a token with Authlib and asks who it is: URL, way of authenticating, client id, secret."""

import sys

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session


def main(url, way, client_id, secret):
    session = OAuth2Session(client_id, secret, token_endpoint_auth_method=way, scope="customers:read")
    try:
        token = session.fetch_token(f"{url}/v1/auth/token", grant_type="client_credentials")
    except OAuthError as error:
        return error.error
    me = session.get(f"{url}/v1/me").json()
    return f"{me['type']} {me['name']}, {token['scope']}, {token['expires_in']}"


print(main(*sys.argv[1:]))
