-- Pending invitations that expired long ago, marked by the hourly sweep (src/db/invitations/lapse.rs). The rest of
-- the pending ones are those of a few days, however many have expired. The same column, index and trigger as in
-- ../../postgres.
ALTER TABLE invitations ADD COLUMN lapsed INTEGER NOT NULL DEFAULT 0;
-- The first column is an expression, so that no plan for other queries takes this index for a kind and a state, which
-- many rows have.
CREATE INDEX invitations_listed ON invitations ((kind || ' ' || state || CASE WHEN lapsed THEN ' lapsed' ELSE '' END), id);

-- Whatever moves the expiry or ends the invitation takes the mark away.
CREATE TRIGGER invitations_no_longer_lapsed AFTER UPDATE OF state, expires_at ON invitations
WHEN NEW.lapsed AND (NEW.expires_at <> OLD.expires_at OR NEW.state <> 'pending') BEGIN
    UPDATE invitations SET lapsed = 0 WHERE id = NEW.id;
END;
