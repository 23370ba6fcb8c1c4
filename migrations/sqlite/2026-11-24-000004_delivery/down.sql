DROP TABLE mail_pace;
DROP TABLE mail_events;
CREATE TABLE letters_old (
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
INSERT INTO letters_old
    SELECT id, invitation_id, generation, CASE state WHEN 'handed_over' THEN 'withdrawn' ELSE state END, attempts,
        next_attempt_at, last_error, created_at, sent_at
    FROM letters WHERE kind = 'invitation';
DROP TABLE letters;
ALTER TABLE letters_old RENAME TO letters;
CREATE UNIQUE INDEX letters_one_a_sending ON letters (invitation_id, generation);
CREATE INDEX letters_due ON letters (next_attempt_at) WHERE state = 'queued';
