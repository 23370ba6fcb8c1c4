-- Erased users, and the suppressions of their addresses. The same tables, columns and constraints as in ../../postgres.

-- Of an erased user the row remains, since the history refers to it: without address, names and password, and removed.
ALTER TABLE users ADD COLUMN erased_at TEXT
    CONSTRAINT users_erased_are_removed CHECK (erased_at IS NULL OR removed_at IS NOT NULL);
CREATE INDEX users_erased ON users (erased_at) WHERE erased_at IS NOT NULL;

-- Addresses of erased users that were suppressed, as keyed hashes.
CREATE TABLE erased_suppressions (
    hash       TEXT NOT NULL PRIMARY KEY,
    reason     TEXT NOT NULL,
    created_at TEXT NOT NULL,
    CONSTRAINT erased_suppressions_reason_known CHECK (reason IN ('bounced', 'unsubscribed', 'complained'))
) STRICT;

-- What a user did, to erase their name there.
CREATE INDEX invitations_by_user ON invitations (inviter_id) WHERE inviter_kind = 'user';
CREATE INDEX invitation_events_by_user ON invitation_events (actor_id) WHERE actor_kind = 'user';
