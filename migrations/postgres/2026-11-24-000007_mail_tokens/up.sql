-- Tokens by which providers signed a report, where the signature is not over the report: each proves the
-- event that it first came with. The same as in ../../sqlite.
CREATE TABLE mail_tokens (
    provider    TEXT NOT NULL,
    token       TEXT COLLATE "C" NOT NULL,
    -- The digest of that event.
    event       TEXT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (provider, token)
);
CREATE INDEX mail_tokens_old ON mail_tokens (received_at);
