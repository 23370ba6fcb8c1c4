-- People, their invitations, the timeline and the outbox. The same tables, columns and constraints as in
-- ../../postgres. Ids are TypeIDs: text that sorts by time when compared byte by byte, which SQLite does.
-- Times are fixed-width UTC text, as in 2026-11-24T05:36:38.123Z, which sorts by time too.

CREATE TABLE users (
    id            TEXT NOT NULL PRIMARY KEY,
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL,
    search_text   TEXT NOT NULL,
    first_name    TEXT,
    last_name     TEXT,
    status        TEXT NOT NULL,
    password_hash TEXT,
    created_at    TEXT NOT NULL,
    activated_at  TEXT,
    removed_at    TEXT,
    CONSTRAINT users_status_known CHECK (status IN ('invited', 'active', 'blocked')),
    CONSTRAINT users_invited_until_activated CHECK ((status = 'invited') = (activated_at IS NULL)),
    CONSTRAINT users_password_from_activation CHECK ((status = 'invited') = (password_hash IS NULL)),
    CONSTRAINT users_only_invited_are_removed CHECK (removed_at IS NULL OR status = 'invited')
) STRICT;
-- One address is one user. A removed user never came to life and no longer holds the address.
CREATE UNIQUE INDEX users_live_email ON users (email_key) WHERE removed_at IS NULL;

CREATE TABLE user_roles (
    user_id TEXT NOT NULL REFERENCES users (id),
    role    TEXT NOT NULL,
    PRIMARY KEY (user_id, role),
    CONSTRAINT user_roles_known CHECK (role IN ('admin', 'user_manager', 'customer_support', 'finance', 'viewer'))
) STRICT;

CREATE TABLE invitations (
    id           TEXT NOT NULL PRIMARY KEY,
    kind         TEXT NOT NULL,
    user_id      TEXT NOT NULL REFERENCES users (id),
    email        TEXT NOT NULL,
    email_key    TEXT NOT NULL,
    search_text  TEXT NOT NULL,
    roles        TEXT NOT NULL,
    locale       TEXT,
    inviter_kind TEXT NOT NULL,
    inviter_id   TEXT NOT NULL,
    inviter_name TEXT NOT NULL,
    state        TEXT NOT NULL,
    generation   INTEGER NOT NULL,
    send_count   INTEGER NOT NULL,
    created_at   TEXT NOT NULL,
    last_sent_at TEXT NOT NULL,
    expires_at   TEXT NOT NULL,
    activated_at TEXT,
    revoked_at   TEXT,
    CONSTRAINT invitations_kind_known CHECK (kind IN ('system_user', 'account_owner', 'sub_account')),
    CONSTRAINT invitations_state_known CHECK (state IN ('pending', 'replaced', 'activated', 'revoked')),
    CONSTRAINT invitations_inviter_known CHECK (inviter_kind IN ('user', 'client', 'cli')),
    CONSTRAINT invitations_counts_from_one CHECK (generation >= 1 AND send_count >= 1),
    CONSTRAINT invitations_expire_after_sending CHECK (expires_at > last_sent_at),
    CONSTRAINT invitations_activated_at_its_time CHECK ((state = 'activated') = (activated_at IS NOT NULL)),
    CONSTRAINT invitations_revoked_at_its_time CHECK ((state = 'revoked') = (revoked_at IS NOT NULL)),
    CONSTRAINT invitations_roles_of_staff CHECK ((kind = 'system_user') = (roles <> ''))
) STRICT;
-- One live invitation to the staff per address. Whether it has expired is for the clock to say; a new
-- invitation replaces it.
CREATE UNIQUE INDEX invitations_live_system_user ON invitations (email_key) WHERE kind = 'system_user' AND state = 'pending';
CREATE INDEX invitations_of_user ON invitations (user_id, id);
CREATE INDEX invitations_of_address ON invitations (email_key, id);

CREATE TABLE invitation_events (
    id            TEXT NOT NULL PRIMARY KEY,
    invitation_id TEXT NOT NULL REFERENCES invitations (id),
    event_type    TEXT NOT NULL,
    at            TEXT NOT NULL,
    actor_kind    TEXT NOT NULL,
    actor_id      TEXT NOT NULL,
    actor_name    TEXT NOT NULL,
    details       TEXT NOT NULL
) STRICT;
CREATE INDEX invitation_events_timeline ON invitation_events (invitation_id, id);

-- The outbox: one row for each sending of an invitation. It holds no link and no words: both are made anew at
-- each attempt.
CREATE TABLE letters (
    id              TEXT NOT NULL PRIMARY KEY,
    invitation_id   TEXT NOT NULL REFERENCES invitations (id),
    generation      INTEGER NOT NULL,
    state           TEXT NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt_at TEXT NOT NULL,
    last_error      TEXT,
    created_at      TEXT NOT NULL,
    sent_at         TEXT,
    CONSTRAINT letters_state_known CHECK (state IN ('queued', 'sent', 'failed', 'withdrawn')),
    CONSTRAINT letters_sent_at_its_time CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT letters_counts CHECK (generation >= 1 AND attempts >= 0)
) STRICT;
CREATE UNIQUE INDEX letters_one_a_sending ON letters (invitation_id, generation);
CREATE INDEX letters_due ON letters (next_attempt_at) WHERE state = 'queued';
