DROP TABLE email_changes;
DELETE FROM letters WHERE kind NOT IN ('invitation', 'reminder', 'password_reset', 'password_changed');
ALTER TABLE letters
    DROP CONSTRAINT letters_kind_given,
    ADD CONSTRAINT letters_kind_known CHECK (
        kind IN ('invitation', 'reminder', 'password_reset', 'password_changed'));
