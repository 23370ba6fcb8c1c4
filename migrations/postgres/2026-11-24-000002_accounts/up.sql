-- Accounts, who belongs to them, and the invitations that lead there. The same as in ../../sqlite.

CREATE TABLE accounts (
    id                  TEXT COLLATE "C" PRIMARY KEY,
    name                TEXT,
    name_key            TEXT COLLATE "C",
    search_text         TEXT NOT NULL,
    account_type        TEXT,
    status              TEXT NOT NULL,
    parent_account_id   TEXT COLLATE "C" REFERENCES accounts (id),
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
    created_at          TIMESTAMPTZ NOT NULL,
    removed_at          TIMESTAMPTZ,
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
);
CREATE INDEX accounts_named ON accounts (name_key) WHERE removed_at IS NULL;
CREATE INDEX accounts_below ON accounts (parent_account_id, id);

-- Each account with itself and with every account above it: what "under an account" means, to any depth.
CREATE TABLE account_lineage (
    account_id  TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    ancestor_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (account_id, ancestor_id)
);
CREATE INDEX account_lineage_down ON account_lineage (ancestor_id, account_id);

CREATE TABLE memberships (
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    role       TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, account_id),
    CONSTRAINT memberships_role_known CHECK (role IN ('account_owner', 'driver'))
);
CREATE INDEX memberships_of_account ON memberships (account_id, user_id);

ALTER TABLE invitations ADD COLUMN account_id TEXT COLLATE "C" REFERENCES accounts (id)
    CONSTRAINT invitations_account_of_customers CHECK ((kind = 'system_user') = (account_id IS NULL));
ALTER TABLE invitations ADD COLUMN member_role TEXT
    CONSTRAINT invitations_member_role_known CHECK (
        (kind = 'system_user' AND member_role IS NULL)
        OR (kind = 'account_owner' AND member_role IS NOT NULL AND member_role = 'account_owner')
        OR (kind = 'sub_account' AND member_role IS NOT NULL AND member_role IN ('account_owner', 'driver')));
-- What a pending invitation is unique within, beside kind and address: the parent of a sub-account, the
-- account of a further owner, and nothing for the rest.
ALTER TABLE invitations ADD COLUMN scope TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX invitations_of_account ON invitations (account_id, id);
DROP INDEX invitations_live_system_user;
CREATE UNIQUE INDEX invitations_live ON invitations (email_key, kind, scope) WHERE state = 'pending';
