-- Returned mail that could not be read, for staff to look at; kept for 14 days.
-- The same tables, columns and constraints as in ../../sqlite.

CREATE TABLE unread_mail (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- SHA-256 of the message as it came: the same message is kept once.
    digest      TEXT COLLATE "C" NOT NULL,
    -- The address that it came to, where that is known.
    recipient   TEXT,
    -- Why it could not be read.
    reason      TEXT NOT NULL,
    -- The letter that it names, where it names one.
    letter_id   TEXT COLLATE "C",
    -- Its beginning, without live links.
    message     TEXT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT unread_mail_reason_known CHECK (reason IN ('no_letter', 'no_report', 'malformed'))
);
CREATE UNIQUE INDEX unread_mail_digest ON unread_mail (digest);
CREATE INDEX unread_mail_received ON unread_mail (received_at);
