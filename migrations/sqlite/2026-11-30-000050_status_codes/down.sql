ALTER TABLE letters DROP COLUMN status_code;
