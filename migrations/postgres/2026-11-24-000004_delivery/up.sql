-- What becomes of letters after they were handed to the relay or the provider. The same tables, columns and
-- constraints as in ../../sqlite.

ALTER TABLE letters
    -- An invitation's letter, or the one that reminds of it: the same link, so the same generation.
    ADD COLUMN kind                TEXT NOT NULL DEFAULT 'invitation',
    -- Until when a courier has it in hand.
    ADD COLUMN leased_until        TIMESTAMPTZ,
    -- When it was given up.
    ADD COLUMN failed_at           TIMESTAMPTZ,
    -- Who took it, and under which name.
    ADD COLUMN provider            TEXT,
    ADD COLUMN provider_message_id TEXT COLLATE "C",
    -- What the provider says has become of it since.
    ADD COLUMN fate                TEXT,
    ADD COLUMN fate_at             TIMESTAMPTZ,
    ADD COLUMN fate_reason         TEXT,
    DROP CONSTRAINT letters_state_known,
    ADD CONSTRAINT letters_state_known CHECK (state IN ('queued', 'sent', 'failed', 'withdrawn', 'handed_over')),
    ADD CONSTRAINT letters_kind_known CHECK (kind IN ('invitation', 'reminder')),
    ADD CONSTRAINT letters_failed_at_its_time CHECK (failed_at IS NULL OR state = 'failed'),
    ADD CONSTRAINT letters_fate_known CHECK (fate IS NULL OR fate IN ('delivered', 'deferred', 'bounced', 'complained')),
    ADD CONSTRAINT letters_fate_at_its_time CHECK ((fate IS NULL) = (fate_at IS NULL)),
    ADD CONSTRAINT letters_named_by_a_provider CHECK (provider_message_id IS NULL OR provider IS NOT NULL);
ALTER TABLE letters ALTER COLUMN kind DROP DEFAULT;
DROP INDEX letters_one_a_sending;
CREATE UNIQUE INDEX letters_one_a_sending ON letters (invitation_id, generation, kind);
CREATE INDEX letters_of_provider ON letters (provider, provider_message_id) WHERE provider_message_id IS NOT NULL;
-- For lists of what did not arrive.
CREATE INDEX letters_in_trouble ON letters (fate) WHERE fate IS NOT NULL;

-- Events that providers have sent, each once: whoever sends one again changes nothing.
CREATE TABLE mail_events (
    provider    TEXT NOT NULL,
    event_id    TEXT COLLATE "C" NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (provider, event_id)
);
CREATE INDEX mail_events_old ON mail_events (received_at);

-- The pace of letters, which all couriers keep together: when the next may go to a relay.
CREATE TABLE mail_pace (
    relay   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    free_at TIMESTAMPTZ NOT NULL
);
