-- How many letters were asked for in the last day, by mailbox, by account and by caller; and the addresses
-- that are not written to. The same tables, columns and constraints as in ../../postgres.

CREATE TABLE letter_counts (
    -- What is counted: mailbox:…, account:… or caller:…
    subject      TEXT NOT NULL PRIMARY KEY,
    -- When letters were asked for, as the program writes it.
    sent         TEXT NOT NULL,
    last_sent_at TEXT NOT NULL
) STRICT;
CREATE INDEX letter_counts_old ON letter_counts (last_sent_at);

-- Where a letter goes: the invitation's address may change. Of letters before this it is not known.
ALTER TABLE letters ADD COLUMN recipient TEXT;

CREATE TABLE suppressions (
    id         TEXT NOT NULL PRIMARY KEY,
    email      TEXT NOT NULL,
    email_key  TEXT NOT NULL,
    reason     TEXT NOT NULL,
    detail     TEXT,
    created_at TEXT NOT NULL,
    CONSTRAINT suppressions_reason_known CHECK (reason IN ('bounced', 'unsubscribed', 'complained'))
) STRICT;
CREATE UNIQUE INDEX suppressions_address ON suppressions (email_key);
