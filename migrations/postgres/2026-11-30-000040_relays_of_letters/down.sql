ALTER TABLE letters DROP COLUMN checked_at, DROP COLUMN relay;
