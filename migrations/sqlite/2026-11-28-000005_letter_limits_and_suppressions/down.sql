DROP TABLE suppressions;
ALTER TABLE letters DROP COLUMN recipient;
DROP TABLE letter_counts;
