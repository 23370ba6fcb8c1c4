ALTER TABLE letters DROP COLUMN first_tried_at;
