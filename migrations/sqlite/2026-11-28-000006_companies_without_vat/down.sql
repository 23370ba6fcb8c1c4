-- SQLite changes no constraint in place: the table is made anew. Rows of other tables refer to it all the
-- while, which is looked at when the transaction ends.
PRAGMA defer_foreign_keys = ON;
CREATE TEMPORARY TABLE accounts_before AS SELECT * FROM accounts;
DROP TABLE accounts;
CREATE TABLE accounts (
    id                  TEXT NOT NULL PRIMARY KEY,
    name                TEXT,
    name_key            TEXT,
    search_text         TEXT NOT NULL,
    account_type        TEXT,
    status              TEXT NOT NULL,
    parent_account_id   TEXT REFERENCES accounts (id),
    used_by             TEXT,
    rate                INTEGER,
    company_name        TEXT,
    registration_number TEXT,
    vat_number          TEXT,
    street              TEXT,
    house_number        TEXT,
    postal_code         TEXT,
    city                TEXT,
    country             TEXT,
    created_at          TEXT NOT NULL,
    removed_at          TEXT,
    CONSTRAINT accounts_status_known CHECK (status IN ('invited', 'active')),
    CONSTRAINT accounts_type_known CHECK (account_type IS NULL OR account_type IN ('business', 'consumer')),
    CONSTRAINT accounts_used_by_known CHECK (used_by IS NULL OR used_by IN ('employee', 'subsidiary')),
    CONSTRAINT accounts_used_by_below_a_parent CHECK ((parent_account_id IS NULL) = (used_by IS NULL)),
    -- In 1/10000 EUR per kWh.
    CONSTRAINT accounts_rate_in_range CHECK (rate IS NULL OR (rate BETWEEN 1 AND 999999 AND parent_account_id IS NOT NULL)),
    CONSTRAINT accounts_named_and_typed_when_active CHECK (status = 'invited' OR (name IS NOT NULL AND account_type IS NOT NULL)),
    CONSTRAINT accounts_key_with_name CHECK ((name IS NULL) = (name_key IS NULL)),
    CONSTRAINT accounts_company_of_active_business CHECK (
        (company_name IS NOT NULL) = (status = 'active' AND account_type IS NOT NULL AND account_type = 'business')),
    CONSTRAINT accounts_company_whole CHECK (
        (company_name IS NULL AND registration_number IS NULL AND vat_number IS NULL AND street IS NULL
            AND house_number IS NULL AND postal_code IS NULL AND city IS NULL AND country IS NULL)
        OR (company_name IS NOT NULL AND vat_number IS NOT NULL AND street IS NOT NULL AND postal_code IS NOT NULL
            AND city IS NOT NULL AND country IS NOT NULL)),
    CONSTRAINT accounts_only_invited_are_removed CHECK (removed_at IS NULL OR status = 'invited')
) STRICT;
CREATE INDEX accounts_named ON accounts (name_key) WHERE removed_at IS NULL;
CREATE INDEX accounts_below ON accounts (parent_account_id, id);
INSERT INTO accounts (
    id, name, name_key, search_text, account_type, status, parent_account_id, used_by, rate, company_name, registration_number,
    vat_number, street, house_number, postal_code, city, country, created_at, removed_at)
SELECT id, name, name_key, search_text, account_type, status, parent_account_id, used_by, rate, company_name, registration_number,
    CASE WHEN company_name IS NULL THEN NULL ELSE COALESCE(vat_number, '') END, street, house_number, CASE WHEN company_name IS NULL THEN NULL ELSE COALESCE(postal_code, '') END, city, country, created_at, removed_at FROM accounts_before;
DROP TABLE accounts_before;
