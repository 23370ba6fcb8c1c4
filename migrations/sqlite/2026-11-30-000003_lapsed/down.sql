DROP TRIGGER invitations_no_longer_lapsed;
DROP INDEX invitations_listed;
ALTER TABLE invitations DROP COLUMN lapsed;
