-- Counts of wrong guesses at passwords, shared by all processes.
-- The same table, columns and constraints as in ../../sqlite.

CREATE TABLE guess_counts (
    -- A MAC of what is counted: a client and an address, a client, a network.
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    open_at  TIMESTAMPTZ NOT NULL,
    last_at  TIMESTAMPTZ NOT NULL,
    CONSTRAINT guess_counts_not_negative CHECK (failures >= 0)
);
CREATE INDEX guess_counts_old ON guess_counts (last_at);
