-- Counts of wrong guesses at passwords, shared by all processes.
-- The same table, columns and constraints as in ../../postgres.

CREATE TABLE guess_counts (
    -- A MAC of what is counted: a client and an address, a client, a network.
    id       TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    open_at  TEXT NOT NULL,
    last_at  TEXT NOT NULL,
    CONSTRAINT guess_counts_not_negative CHECK (failures >= 0)
) STRICT;
CREATE INDEX guess_counts_old ON guess_counts (last_at);
