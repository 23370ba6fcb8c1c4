DROP TABLE email_changes;
DELETE FROM letters WHERE kind NOT IN ('invitation', 'reminder', 'password_reset', 'password_changed');

-- SQLite changes no constraint in place: the table is made anew.
CREATE TABLE letters_new (
    id                  TEXT NOT NULL PRIMARY KEY,
    invitation_id       TEXT REFERENCES invitations (id),
    generation          INTEGER NOT NULL,
    state               TEXT NOT NULL,
    attempts            INTEGER NOT NULL,
    next_attempt_at     TEXT NOT NULL,
    last_error          TEXT,
    created_at          TEXT NOT NULL,
    sent_at             TEXT,
    kind                TEXT NOT NULL,
    leased_until        TEXT,
    failed_at           TEXT,
    provider            TEXT,
    provider_message_id TEXT,
    fate                TEXT,
    fate_at             TEXT,
    fate_reason         TEXT,
    first_tried_at      TEXT,
    recipient           TEXT,
    cause               TEXT,
    -- The id of what it is about, where that is no invitation: a request to reset a password, or a user.
    subject             TEXT,
    CONSTRAINT letters_state_known CHECK (state IN ('queued', 'sent', 'failed', 'withdrawn', 'handed_over')),
    CONSTRAINT letters_sent_at_its_time CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT letters_counts CHECK (generation >= 1 AND attempts >= 0),
    CONSTRAINT letters_kind_known CHECK (
        kind IN ('invitation', 'reminder', 'password_reset', 'password_changed')),
    CONSTRAINT letters_failed_at_its_time CHECK (failed_at IS NULL OR state = 'failed'),
    CONSTRAINT letters_fate_known CHECK (
        fate IS NULL OR fate IN ('delivered', 'deferred', 'bounced', 'complained')),
    CONSTRAINT letters_fate_at_its_time CHECK ((fate IS NULL) = (fate_at IS NULL)),
    CONSTRAINT letters_about_one_thing CHECK ((invitation_id IS NULL) <> (subject IS NULL)),
    CONSTRAINT letters_named_by_a_provider CHECK (provider_message_id IS NULL OR provider IS NOT NULL)
) STRICT;
INSERT INTO letters_new (
    id, invitation_id, generation, state, attempts, next_attempt_at, last_error, created_at, sent_at, kind,
    leased_until, failed_at, provider, provider_message_id, fate, fate_at, fate_reason, first_tried_at, recipient,
    cause, subject)
SELECT id, invitation_id, generation, state, attempts, next_attempt_at, last_error, created_at, sent_at, kind,
    leased_until, failed_at, provider, provider_message_id, fate, fate_at, fate_reason, first_tried_at, recipient,
    cause, subject FROM letters;
DROP TABLE letters;
ALTER TABLE letters_new RENAME TO letters;
CREATE UNIQUE INDEX letters_one_a_sending ON letters (invitation_id, generation, kind);
CREATE INDEX letters_due ON letters (next_attempt_at) WHERE state = 'queued';
CREATE INDEX letters_of_provider ON letters (provider, provider_message_id)
    WHERE provider_message_id IS NOT NULL;
-- For lists of what did not arrive.
CREATE INDEX letters_in_trouble ON letters (fate) WHERE fate IS NOT NULL;
CREATE INDEX letters_about ON letters (subject) WHERE subject IS NOT NULL;
