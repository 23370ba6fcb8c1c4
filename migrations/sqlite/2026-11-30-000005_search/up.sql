-- Searches and lists go by indexes (docs/adr/0019-lists-walk-along-indexes.md).

-- Addresses that a user had before: their old invitations are found by them.
CREATE TABLE former_addresses (
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email_key   TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (user_id, email_key)
);
CREATE TRIGGER users_keep_former_address AFTER UPDATE OF email_key ON users
    WHEN OLD.email_key <> NEW.email_key AND NEW.erased_at IS NULL
BEGIN
    INSERT INTO former_addresses (user_id, email_key, search_text)
        VALUES (OLD.id, OLD.email_key, OLD.search_text) ON CONFLICT DO NOTHING;
END;

-- The versions of derived data that the program computes, as the texts that are searched.
CREATE TABLE derived_data (
    name    TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
);

-- The trigrams of all texts. An index without a copy of the texts, whose rows have numbers: the rowid of a
-- table with another key does not survive VACUUM. Two line feeds follow each text, so that its last two
-- characters begin a trigram, too. An entry that is deleted leaves the index at once (secure-delete).
CREATE TABLE search_user_ids (
    search_id INTEGER PRIMARY KEY,
    user_id   TEXT NOT NULL,
    -- Of a former address; empty for the user's own text.
    email_key TEXT NOT NULL
);
CREATE UNIQUE INDEX search_user_ids_of_user ON search_user_ids (user_id, email_key);
CREATE VIRTUAL TABLE search_users USING fts5(
    text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1');
INSERT INTO search_users (search_users, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE search_user_trigrams USING fts5vocab(search_users, 'row');
CREATE TABLE search_account_ids (
    search_id  INTEGER PRIMARY KEY,
    account_id TEXT NOT NULL
);
CREATE UNIQUE INDEX search_account_ids_of_account ON search_account_ids (account_id);
CREATE VIRTUAL TABLE search_accounts USING fts5(
    text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1');
INSERT INTO search_accounts (search_accounts, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE search_account_trigrams USING fts5vocab(search_accounts, 'row');

CREATE TRIGGER search_user_inserted AFTER INSERT ON users BEGIN
    INSERT INTO search_user_ids (user_id, email_key) VALUES (NEW.id, '');
    INSERT INTO search_users (rowid, text) SELECT search_id, NEW.search_text || char(10, 10)
        FROM search_user_ids WHERE user_id = NEW.id AND email_key = '';
END;
CREATE TRIGGER search_user_updated AFTER UPDATE OF search_text ON users WHEN OLD.search_text <> NEW.search_text BEGIN
    INSERT INTO search_users (search_users, rowid, text) SELECT 'delete', search_id, OLD.search_text || char(10, 10)
        FROM search_user_ids WHERE user_id = OLD.id AND email_key = '';
    INSERT INTO search_users (rowid, text) SELECT search_id, NEW.search_text || char(10, 10)
        FROM search_user_ids WHERE user_id = NEW.id AND email_key = '';
END;
CREATE TRIGGER search_user_deleted AFTER DELETE ON users BEGIN
    INSERT INTO search_users (search_users, rowid, text) SELECT 'delete', search_id, OLD.search_text || char(10, 10)
        FROM search_user_ids WHERE user_id = OLD.id AND email_key = '';
    DELETE FROM search_user_ids WHERE user_id = OLD.id AND email_key = '';
END;
CREATE TRIGGER search_former_inserted AFTER INSERT ON former_addresses BEGIN
    INSERT INTO search_user_ids (user_id, email_key) VALUES (NEW.user_id, NEW.email_key);
    INSERT INTO search_users (rowid, text) SELECT search_id, NEW.search_text || char(10, 10)
        FROM search_user_ids WHERE user_id = NEW.user_id AND email_key = NEW.email_key;
END;
CREATE TRIGGER search_former_updated AFTER UPDATE OF search_text ON former_addresses
    WHEN OLD.search_text <> NEW.search_text
BEGIN
    INSERT INTO search_users (search_users, rowid, text) SELECT 'delete', search_id, OLD.search_text || char(10, 10)
        FROM search_user_ids WHERE user_id = OLD.user_id AND email_key = OLD.email_key;
    INSERT INTO search_users (rowid, text) SELECT search_id, NEW.search_text || char(10, 10)
        FROM search_user_ids WHERE user_id = NEW.user_id AND email_key = NEW.email_key;
END;
CREATE TRIGGER search_former_deleted AFTER DELETE ON former_addresses BEGIN
    INSERT INTO search_users (search_users, rowid, text) SELECT 'delete', search_id, OLD.search_text || char(10, 10)
        FROM search_user_ids WHERE user_id = OLD.user_id AND email_key = OLD.email_key;
    DELETE FROM search_user_ids WHERE user_id = OLD.user_id AND email_key = OLD.email_key;
END;
CREATE TRIGGER search_account_inserted AFTER INSERT ON accounts BEGIN
    INSERT INTO search_account_ids (account_id) VALUES (NEW.id);
    INSERT INTO search_accounts (rowid, text) SELECT search_id, NEW.search_text || char(10, 10)
        FROM search_account_ids WHERE account_id = NEW.id;
END;
CREATE TRIGGER search_account_updated AFTER UPDATE OF search_text ON accounts
    WHEN OLD.search_text <> NEW.search_text
BEGIN
    INSERT INTO search_accounts (search_accounts, rowid, text)
        SELECT 'delete', search_id, OLD.search_text || char(10, 10)
        FROM search_account_ids WHERE account_id = OLD.id;
    INSERT INTO search_accounts (rowid, text) SELECT search_id, NEW.search_text || char(10, 10)
        FROM search_account_ids WHERE account_id = NEW.id;
END;
CREATE TRIGGER search_account_deleted AFTER DELETE ON accounts BEGIN
    INSERT INTO search_accounts (search_accounts, rowid, text)
        SELECT 'delete', search_id, OLD.search_text || char(10, 10)
        FROM search_account_ids WHERE account_id = OLD.id;
    DELETE FROM search_account_ids WHERE account_id = OLD.id;
END;

INSERT INTO search_user_ids (user_id, email_key) SELECT id, '' FROM users ORDER BY id;
INSERT INTO search_users (rowid, text)
    SELECT s.search_id, u.search_text || char(10, 10) FROM search_user_ids s JOIN users u ON u.id = s.user_id;
INSERT INTO search_account_ids (account_id) SELECT id FROM accounts ORDER BY id;
INSERT INTO search_accounts (rowid, text) SELECT s.search_id, a.search_text || char(10, 10)
    FROM search_account_ids s JOIN accounts a ON a.id = s.account_id;
INSERT INTO former_addresses (user_id, email_key, search_text)
    SELECT i.user_id, i.email_key, max(i.search_text) FROM invitations i JOIN users u ON u.id = i.user_id
    WHERE i.email_key <> u.email_key AND u.erased_at IS NULL GROUP BY i.user_id, i.email_key;

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
