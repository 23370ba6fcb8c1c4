-- PostgreSQL has no rowid and no REPLACE.
SELECT 1;
