DROP TRIGGER invitations_forget_former_address;
DROP TRIGGER users_keep_former_address;
CREATE TRIGGER users_keep_former_address AFTER UPDATE OF email_key ON users
    WHEN OLD.email_key <> NEW.email_key AND NEW.erased_at IS NULL
BEGIN
    INSERT INTO former_addresses (user_id, email_key, search_text)
        VALUES (OLD.id, OLD.email_key, OLD.search_text) ON CONFLICT DO NOTHING;
END;
DROP TABLE search_user_trigrams;
DROP TABLE search_users;
CREATE VIRTUAL TABLE search_users USING fts5(
    text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1');
INSERT INTO search_users (search_users, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE search_user_trigrams USING fts5vocab(search_users, 'row');
DROP TABLE search_account_trigrams;
DROP TABLE search_accounts;
CREATE VIRTUAL TABLE search_accounts USING fts5(
    text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1');
INSERT INTO search_accounts (search_accounts, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE search_account_trigrams USING fts5vocab(search_accounts, 'row');
INSERT INTO search_users (rowid, text)
    SELECT s.search_id, u.search_text || char(10, 10) FROM search_user_ids s JOIN users u ON u.id = s.user_id
        WHERE s.email_key = ''
    UNION ALL SELECT s.search_id, f.search_text || char(10, 10) FROM search_user_ids s
        JOIN former_addresses f ON f.user_id = s.user_id AND f.email_key = s.email_key;
INSERT INTO search_accounts (rowid, text) SELECT s.search_id, a.search_text || char(10, 10)
    FROM search_account_ids s JOIN accounts a ON a.id = s.account_id;
