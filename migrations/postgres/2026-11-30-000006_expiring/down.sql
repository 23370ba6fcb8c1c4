DROP INDEX invitations_expiring;
