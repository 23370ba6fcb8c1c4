DROP INDEX invitation_events_by_user;
DROP INDEX invitations_by_user;
DROP TABLE erased_suppressions;
DROP INDEX users_erased;
ALTER TABLE users DROP COLUMN erased_at;
