CREATE INDEX letters_in_trouble ON letters (fate) WHERE fate IS NOT NULL;
DROP INDEX letters_in_state;
DROP INDEX accounts_of_use;
DROP INDEX accounts_of_type;
DROP INDEX invitations_of_staff;
DROP INDEX memberships_of_role;
DROP INDEX user_roles_of_role;
DROP INDEX users_of_status;
-- The extension stays: others may use it.
DROP INDEX IF EXISTS accounts_search_trigrams, users_search_trigrams;
DROP INDEX accounts_search_characters, users_search_characters;
DROP TABLE derived_data;
DROP TRIGGER users_keep_former_address ON users;
DROP FUNCTION users_keep_former_address();
DROP TABLE former_addresses;
