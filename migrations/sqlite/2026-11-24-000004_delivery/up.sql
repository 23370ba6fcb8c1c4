-- What becomes of letters after they were handed to the relay or the provider. The same tables, columns and
-- constraints as in ../../postgres. SQLite changes no constraint in place: the table is made anew.

CREATE TABLE letters_new (
    id                  TEXT NOT NULL PRIMARY KEY,
    invitation_id       TEXT NOT NULL REFERENCES invitations (id),
    generation          INTEGER NOT NULL,
    state               TEXT NOT NULL,
    attempts            INTEGER NOT NULL,
    next_attempt_at     TEXT NOT NULL,
    last_error          TEXT,
    created_at          TEXT NOT NULL,
    sent_at             TEXT,
    -- An invitation's letter, or the one that reminds of it: the same link, so the same generation.
    kind                TEXT NOT NULL,
    -- Until when a courier has it in hand.
    leased_until        TEXT,
    -- When it was given up.
    failed_at           TEXT,
    -- Who took it, and under which name.
    provider            TEXT,
    provider_message_id TEXT,
    -- What the provider says has become of it since.
    fate                TEXT,
    fate_at             TEXT,
    fate_reason         TEXT,
    CONSTRAINT letters_state_known CHECK (state IN ('queued', 'sent', 'failed', 'withdrawn', 'handed_over')),
    CONSTRAINT letters_sent_at_its_time CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT letters_counts CHECK (generation >= 1 AND attempts >= 0),
    CONSTRAINT letters_kind_known CHECK (kind IN ('invitation', 'reminder')),
    CONSTRAINT letters_failed_at_its_time CHECK (failed_at IS NULL OR state = 'failed'),
    CONSTRAINT letters_fate_known CHECK (fate IS NULL OR fate IN ('delivered', 'deferred', 'bounced', 'complained')),
    CONSTRAINT letters_fate_at_its_time CHECK ((fate IS NULL) = (fate_at IS NULL)),
    CONSTRAINT letters_named_by_a_provider CHECK (provider_message_id IS NULL OR provider IS NOT NULL)
) STRICT;
INSERT INTO letters_new (id, invitation_id, generation, state, attempts, next_attempt_at, last_error, created_at, sent_at, kind)
    SELECT id, invitation_id, generation, state, attempts, next_attempt_at, last_error, created_at, sent_at, 'invitation' FROM letters;
DROP TABLE letters;
ALTER TABLE letters_new RENAME TO letters;
CREATE UNIQUE INDEX letters_one_a_sending ON letters (invitation_id, generation, kind);
CREATE INDEX letters_due ON letters (next_attempt_at) WHERE state = 'queued';
CREATE INDEX letters_of_provider ON letters (provider, provider_message_id) WHERE provider_message_id IS NOT NULL;
-- For lists of what did not arrive.
CREATE INDEX letters_in_trouble ON letters (fate) WHERE fate IS NOT NULL;

-- Events that providers have sent, each once: whoever sends one again changes nothing.
CREATE TABLE mail_events (
    provider    TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    received_at TEXT NOT NULL,
    PRIMARY KEY (provider, event_id)
) STRICT;
CREATE INDEX mail_events_old ON mail_events (received_at);

-- The pace of letters, which all couriers keep together: when the next may go to a relay.
CREATE TABLE mail_pace (
    relay   TEXT NOT NULL PRIMARY KEY,
    free_at TEXT NOT NULL
) STRICT;
