-- Whether the account's name has the one that a person of it had before theirs was changed: erasing them
-- takes it away. The former name is kept nowhere else. The same column as in ../../postgres.
ALTER TABLE accounts ADD COLUMN has_former_name INTEGER NOT NULL DEFAULT 0;
