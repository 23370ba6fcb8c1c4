-- Programs of partners, and their secrets, of which only hashes are stored.
-- The same tables, columns and constraints as in ../../postgres.

CREATE TABLE api_clients (
    id              TEXT NOT NULL PRIMARY KEY,
    name            TEXT NOT NULL,
    -- Permissions, separated by blanks.
    scopes          TEXT NOT NULL,
    -- Below which the permissions hold; everywhere without one.
    account_id      TEXT REFERENCES accounts (id),
    -- In CIDR notation, separated by commas; empty allows every address.
    networks        TEXT NOT NULL,
    expires_at      TEXT,
    created_by_kind TEXT NOT NULL,
    created_by_id   TEXT NOT NULL,
    -- None for a user: the name is read from the users.
    created_by_name TEXT,
    created_at      TEXT NOT NULL,
    revoked_at      TEXT,
    last_used_at    TEXT
) STRICT;
CREATE INDEX api_clients_of_account ON api_clients (account_id, id);

CREATE TABLE api_client_secrets (
    id           TEXT NOT NULL PRIMARY KEY,
    client_id    TEXT NOT NULL REFERENCES api_clients (id),
    -- SHA-256, in hexadecimal digits.
    hash         TEXT NOT NULL,
    -- The last four characters.
    hint         TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    expires_at   TEXT,
    last_used_at TEXT
) STRICT;
CREATE INDEX api_client_secrets_of_client ON api_client_secrets (client_id);
