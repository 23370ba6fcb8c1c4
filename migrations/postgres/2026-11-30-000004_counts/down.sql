DROP FUNCTION row_counts_rebuild();
DROP TRIGGER users_proven ON users;
DROP TRIGGER memberships_changed ON memberships;
DROP TRIGGER user_roles_changed ON user_roles;
DROP TRIGGER users_deleted ON users;
DROP TRIGGER users_updated ON users;
DROP TRIGGER users_inserted ON users;
DROP TRIGGER letters_deleted ON letters;
DROP TRIGGER letters_updated ON letters;
DROP TRIGGER letters_inserted ON letters;
DROP TRIGGER invitations_deleted ON invitations;
DROP TRIGGER invitations_updated ON invitations;
DROP TRIGGER invitations_inserted ON invitations;
DROP FUNCTION users_proven(), ties_changed(), users_deleted(), users_updated(), users_inserted(), letters_deleted(),
    letters_updated(), letters_inserted(), invitations_deleted(), invitations_updated(), invitations_inserted(),
    users_refresh_ties(text), user_ties(boolean, boolean, boolean, boolean), letter_class(text, text, text),
    invitation_class(text, boolean), row_counts_add(text, text, text, integer), row_counts_slot();
DROP INDEX letters_leased;
ALTER TABLE users
    DROP COLUMN has_role, DROP COLUMN has_membership, DROP COLUMN invited_as_staff, DROP COLUMN invited_as_customer;
DROP TABLE row_counts;
