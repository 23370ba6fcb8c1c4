// Gets a token with openid-client and asks who it is: URL, way of authenticating, client id, secret.
import * as client from 'openid-client';

const [url, way, id, secret] = process.argv.slice(2);
const authentication = way === 'client_secret_basic' ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret);
const options = { execute: [client.allowInsecureRequests] };
const config = await client.discovery(new URL(url), id, undefined, authentication, options);
try {
  const token = await client.clientCredentialsGrant(config, { scope: 'customers:read' });
  const answer = await client.fetchProtectedResource(config, token.access_token, new URL('/v1/me', url), 'GET');
  const me = await answer.json();
  console.log(`${me.type} ${me.name}, ${token.scope}, ${token.expires_in}`);
} catch (error) {
  // A 401 with WWW-Authenticate, which RFC 9110 demands, is an error of its own, with the answer's body unread.
  const body = error.error ? error : await error.response?.json();
  console.log(body?.error ?? String(error));
}
