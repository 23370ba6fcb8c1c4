-- Searches and lists go by indexes (docs/adr/0019-lists-walk-along-indexes.md).

-- Addresses that a user had before: their old invitations are found by them.
CREATE TABLE former_addresses (
    user_id     TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email_key   TEXT COLLATE "C" NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (user_id, email_key)
);
INSERT INTO former_addresses (user_id, email_key, search_text)
    SELECT i.user_id, i.email_key, max(i.search_text) FROM invitations i JOIN users u ON u.id = i.user_id
    WHERE i.email_key <> u.email_key AND u.erased_at IS NULL GROUP BY i.user_id, i.email_key;
CREATE FUNCTION users_keep_former_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO former_addresses (user_id, email_key, search_text)
        VALUES (OLD.id, OLD.email_key, OLD.search_text) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER users_keep_former_address AFTER UPDATE OF email_key ON users FOR EACH ROW
    WHEN (OLD.email_key <> NEW.email_key AND NEW.erased_at IS NULL) EXECUTE FUNCTION users_keep_former_address();

-- The versions of derived data that the program computes, as the texts that are searched.
CREATE TABLE derived_data (
    name    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
);

-- By single characters: for searches of one or two, for scripts that pg_trgm knows in some locales only, and
-- for all searches where there is no pg_trgm. The list of new entries is short, so that no insert has to
-- merge a long one.
CREATE INDEX users_search_characters ON users
    USING gin (string_to_array(search_text, NULL)) WITH (gin_pending_list_limit = 1024);
CREATE INDEX former_addresses_search_characters ON former_addresses
    USING gin (string_to_array(search_text, NULL)) WITH (gin_pending_list_limit = 1024);
CREATE INDEX accounts_search_characters ON accounts
    USING gin (string_to_array(search_text, NULL)) WITH (gin_pending_list_limit = 1024);
-- By three characters, where the extension exists or may be created.
DO $$
DECLARE
    place TEXT;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        BEGIN
            CREATE EXTENSION pg_trgm;
        EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
            RAISE WARNING 'searches go without pg_trgm, and are slower: see docs/operations.md';
            RETURN;
        END;
    END IF;
    -- It may be in a schema that is not searched.
    SELECT quote_ident(n.nspname) INTO place
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
    EXECUTE format('CREATE INDEX users_search_trigrams ON users
        USING gin (search_text %s.gin_trgm_ops) WITH (gin_pending_list_limit = 1024)', place);
    EXECUTE format('CREATE INDEX former_addresses_search_trigrams ON former_addresses
        USING gin (search_text %s.gin_trgm_ops) WITH (gin_pending_list_limit = 1024)', place);
    EXECUTE format('CREATE INDEX accounts_search_trigrams ON accounts
        USING gin (search_text %s.gin_trgm_ops) WITH (gin_pending_list_limit = 1024)', place);
END
$$;

-- For the filters of the lists, in the order of the lists. The first columns are expressions, so that no plan for
-- other queries takes an index for a value that many rows have.
CREATE INDEX users_of_status ON users ((status || ''), id);
CREATE INDEX user_roles_of_role ON user_roles ((role || ''), user_id);
CREATE INDEX memberships_of_role ON memberships ((role || ''), user_id);
CREATE INDEX invitations_of_staff ON invitations (user_id) WHERE kind = 'system_user';
CREATE INDEX accounts_of_type ON accounts ((account_type || ''), id);
CREATE INDEX accounts_of_use ON accounts ((used_by || ''), id);
DROP INDEX letters_in_trouble;
-- Partial, so that no plan for other queries takes it for the kind alone.
CREATE INDEX letters_in_state ON letters (state, coalesce(fate, ''), invitation_id) WHERE kind = 'invitation';
