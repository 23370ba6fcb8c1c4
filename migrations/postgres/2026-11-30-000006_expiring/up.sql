-- For the order of lists by expiry.
CREATE INDEX invitations_expiring ON invitations (expires_at, id);
