ALTER TABLE letters DROP COLUMN status_code;
-- Older programs do not know these.
UPDATE letters SET cause = 'unavailable' WHERE cause IN ('mailbox', 'network');
