DELETE FROM letters WHERE invitation_id IS NULL;
DROP INDEX letters_about;
ALTER TABLE letters
    DROP CONSTRAINT letters_about_one_thing,
    DROP CONSTRAINT letters_kind_known,
    ADD CONSTRAINT letters_kind_known CHECK (kind IN ('invitation', 'reminder')),
    DROP COLUMN subject,
    ALTER COLUMN invitation_id SET NOT NULL;
DROP TABLE password_resets;
