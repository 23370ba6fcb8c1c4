DROP TRIGGER invitations_no_longer_lapsed ON invitations;
DROP FUNCTION invitations_no_longer_lapsed();
DROP INDEX invitations_listed;
ALTER TABLE invitations DROP COLUMN lapsed;
