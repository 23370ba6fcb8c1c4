-- A letter is given up a day after it was first tried, however long it had waited before. The same as in
-- ../../sqlite.
ALTER TABLE letters ADD COLUMN first_tried_at TIMESTAMPTZ;
-- Of those under way it is not known; so far the day began when they were put in.
UPDATE letters SET first_tried_at = created_at WHERE state = 'queued' AND attempts > 0;
