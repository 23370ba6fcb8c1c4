#!/usr/bin/env bash
# Spectral 6.16.3: an operation of an OpenAPI 3.1 document that asks for a scheme of the type `http` with names of roles is
# warned of by `oas3-operation-security-defined`: the names are looked for among the scopes of the scheme, which only
# `oauth2` has. OpenAPI 3.1 allows them: "For other security scheme types, the array MAY contain a list of role names
# which are required for the execution, but are not otherwise defined or exchanged in-band" (Security Requirement
# Object). Redocly CLI 2.77.0 accepts the same document.
# Here the roles are the permissions of an access token; the rule is off (openapi/.spectral.yaml), and a test of ours
# checks what it checks.
# Seen:
#   oas3-operation-security-defined  "things:read" must be listed among scopes.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @stoplight/spectral-cli@6.16.3
echo 'extends: ["spectral:oas"]' > .spectral.yaml
cat > openapi.json <<'JSON'
{
  "openapi": "3.1.0", "info": { "title": "Things", "version": "1" },
  "paths": { "/things": { "get": {
    "operationId": "listThings", "security": [{ "token": ["things:read"] }],
    "responses": { "204": { "description": "None." } }
  } } },
  "components": { "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } }
}
JSON
seen=$(node_modules/.bin/spectral lint openapi.json --ruleset .spectral.yaml || true)
[[ $seen == *oas3-operation-security-defined*'must be listed among scopes'* ]] || {
    echo "the behaviour has changed: $seen" >&2
    exit 1
}
echo 'Spectral: names of roles, which OpenAPI 3.1 allows for every scheme, are taken for scopes that are missing'
