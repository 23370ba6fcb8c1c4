ALTER TABLE letters DROP COLUMN checked_at;
ALTER TABLE letters DROP COLUMN relay;
