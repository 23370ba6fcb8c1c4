-- Answers to requests that carried an Idempotency-Key, kept for a day. The same as in ../../postgres.
CREATE TABLE idempotency_keys (
    principal   TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    -- Who works on it, and until when it is left to them.
    worker      TEXT NOT NULL,
    held_until  TEXT NOT NULL,
    expires_at  TEXT NOT NULL,
    status      INTEGER,
    body        TEXT,
    location    TEXT,
    PRIMARY KEY (principal, key),
    CONSTRAINT idempotency_keys_answered_whole CHECK ((status IS NULL) = (body IS NULL))
) STRICT;
CREATE INDEX idempotency_keys_old ON idempotency_keys (expires_at);
