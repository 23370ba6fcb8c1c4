ALTER TABLE users DROP COLUMN address_proven_at;
