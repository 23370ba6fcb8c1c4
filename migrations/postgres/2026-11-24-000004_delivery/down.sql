DROP TABLE mail_pace;
DROP TABLE mail_events;
DROP INDEX letters_in_trouble;
DROP INDEX letters_of_provider;
DELETE FROM letters WHERE kind <> 'invitation';
UPDATE letters SET state = 'withdrawn' WHERE state = 'handed_over';
DROP INDEX letters_one_a_sending;
CREATE UNIQUE INDEX letters_one_a_sending ON letters (invitation_id, generation);
ALTER TABLE letters
    DROP CONSTRAINT letters_named_by_a_provider,
    DROP CONSTRAINT letters_fate_at_its_time,
    DROP CONSTRAINT letters_fate_known,
    DROP CONSTRAINT letters_failed_at_its_time,
    DROP CONSTRAINT letters_kind_known,
    DROP CONSTRAINT letters_state_known,
    ADD CONSTRAINT letters_state_known CHECK (state IN ('queued', 'sent', 'failed', 'withdrawn')),
    DROP COLUMN fate_reason,
    DROP COLUMN fate_at,
    DROP COLUMN fate,
    DROP COLUMN provider_message_id,
    DROP COLUMN provider,
    DROP COLUMN failed_at,
    DROP COLUMN leased_until,
    DROP COLUMN kind;
