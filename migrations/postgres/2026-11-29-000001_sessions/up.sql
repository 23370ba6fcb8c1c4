-- Sessions of people who signed in: one a sign-in, each with one refresh token at a time. Access tokens that
-- were revoked before they expire.
-- The same tables, columns and constraints as in ../../sqlite.

CREATE TABLE sessions (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id      TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    -- Counts refreshes: a refresh token is bound to one generation.
    generation   INTEGER NOT NULL,
    -- The mark of the password with which the person signed in.
    credential   TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    refreshed_at TIMESTAMPTZ NOT NULL,
    ended_at     TIMESTAMPTZ,
    CONSTRAINT sessions_generation_positive CHECK (generation >= 1)
);
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_idle ON sessions (refreshed_at);

-- A person's access tokens that were issued before are refused, also those that belong to no session.
ALTER TABLE users ADD COLUMN tokens_valid_from TIMESTAMPTZ;

CREATE TABLE revoked_tokens (
    -- The token's jti.
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    revoked_at TIMESTAMPTZ NOT NULL,
    -- No token lives longer: the row is of no further use then.
    expires_at TIMESTAMPTZ NOT NULL
);
