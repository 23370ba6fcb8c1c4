-- The enhanced status code (RFC 3463) of the failure that a letter met last, from which the advice to staff follows. The
-- same as in ../../postgres. Of letters before this it is not known.
ALTER TABLE letters ADD COLUMN status_code TEXT;
