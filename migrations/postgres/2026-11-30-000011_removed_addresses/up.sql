-- Erasures and exports look for earlier users of an address, who were removed. The same index as in
-- ../../sqlite.
CREATE INDEX users_removed_email ON users (email_key) WHERE removed_at IS NOT NULL;
