-- Requests to reset a password, and letters that are not about an invitation.
-- The same tables, columns and constraints as in ../../sqlite.

CREATE TABLE password_resets (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- As it was typed, whether a user has it or not: the courier looks the user up.
    email      TEXT NOT NULL,
    email_key  TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ
);
CREATE INDEX password_resets_of_address ON password_resets (email_key, id);
CREATE INDEX password_resets_old ON password_resets (created_at);

ALTER TABLE letters
    ALTER COLUMN invitation_id DROP NOT NULL,
    -- The id of what it is about, where that is no invitation: a request to reset a password, or a user.
    ADD COLUMN subject TEXT COLLATE "C",
    DROP CONSTRAINT letters_kind_known,
    ADD CONSTRAINT letters_kind_known CHECK (
        kind IN ('invitation', 'reminder', 'password_reset', 'password_changed')),
    ADD CONSTRAINT letters_about_one_thing CHECK ((invitation_id IS NULL) <> (subject IS NULL));
CREATE INDEX letters_about ON letters (subject) WHERE subject IS NOT NULL;
