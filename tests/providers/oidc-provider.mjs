// An identity provider on loopback: one client for itself, one for people, and JWT access tokens for one resource.
// PORT and ALG (RS256, PS256, ES256, EdDSA) come from the environment.
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const { PORT, ALG, RESOURCE } = process.env;
const kinds = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
};
const key = generateKeyPairSync(...kinds[ALG]).privateKey.export({ format: 'jwk' });
const person = { email: 'ada@example.com', name: 'Ada Lovelace', 'https://example.com/roles': ['portal-viewer'] };

const provider = new Provider(`http://127.0.0.1:${PORT}`, {
  jwks: { keys: [key] },
  clientDefaults: { id_token_signed_response_alg: ALG },
  enabledJWA: {
    idTokenSigningAlgValues: [ALG],
    requestObjectSigningAlgValues: [ALG],
  },
  clients: [
    {
      client_id: 'fleet-sync', client_secret: 'a secret of this trial alone',
      grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
    },
    {
      client_id: 'portal', client_secret: 'a secret of this trial alone',
      grant_types: ['authorization_code'], redirect_uris: [`http://127.0.0.1:${PORT}/callback`],
    },
  ],
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...person }) }),
  // What a provider adds to access tokens is its operator's choice.
  extraTokenClaims: (_, token) => (token.accountId ? person : undefined),
  pkce: { required: () => false },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'system_users:read customers:read',
        audience: RESOURCE,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 300,
        jwt: { sign: { alg: ALG } },
      }),
    },
  },
});
provider.listen(Number(PORT), '127.0.0.1', () => console.log('ready'));
