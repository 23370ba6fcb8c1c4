-- The ETag of an answer is part of it, and is given again with it. The same as in ../../sqlite.
ALTER TABLE idempotency_keys ADD COLUMN etag TEXT;
