-- Requests to change a user's address, and their letters.
-- The same tables, columns and constraints as in ../../sqlite.

CREATE TABLE email_changes (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id       TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    old_email     TEXT NOT NULL,
    email         TEXT NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    confirmed_at  TIMESTAMPTZ,
    superseded_at TIMESTAMPTZ,
    CONSTRAINT email_changes_end_once CHECK (confirmed_at IS NULL OR superseded_at IS NULL)
);
CREATE INDEX email_changes_of_user ON email_changes (user_id);
CREATE INDEX email_changes_old ON email_changes (created_at);

-- The program has the list of kinds, and reports a row with another one.
ALTER TABLE letters
    DROP CONSTRAINT letters_kind_known,
    ADD CONSTRAINT letters_kind_given CHECK (kind <> '');
