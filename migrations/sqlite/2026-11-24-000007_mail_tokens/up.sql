-- Tokens by which providers signed a report, where the signature is not over the report: each proves the
-- event that it first came with. The same as in ../../postgres.
CREATE TABLE mail_tokens (
    provider    TEXT NOT NULL,
    token       TEXT NOT NULL,
    -- The digest of that event.
    event       TEXT NOT NULL,
    received_at TEXT NOT NULL,
    PRIMARY KEY (provider, token)
) STRICT;
CREATE INDEX mail_tokens_old ON mail_tokens (received_at);
