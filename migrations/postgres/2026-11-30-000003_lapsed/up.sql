-- Pending invitations that expired long ago, marked by the hourly sweep (src/db/invitations/lapse.rs). The rest of
-- the pending ones are those of a few days, however many have expired: an index on `expires_at` would find them
-- too, and make each letter that is sent write to every index of its invitation. The same column, index and trigger
-- as in ../../sqlite.
ALTER TABLE invitations ADD COLUMN lapsed BOOLEAN NOT NULL DEFAULT FALSE;
-- The first column is an expression, so that no plan for other queries takes this index for a kind and a state, which
-- many rows have.
CREATE INDEX invitations_listed ON invitations ((kind || ' ' || state || CASE WHEN lapsed THEN ' lapsed' ELSE '' END), id);

-- Whatever moves the expiry or ends the invitation takes the mark away.
CREATE FUNCTION invitations_no_longer_lapsed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.lapsed := FALSE;
    RETURN NEW;
END
$$;
CREATE TRIGGER invitations_no_longer_lapsed BEFORE UPDATE ON invitations FOR EACH ROW
    WHEN (NEW.lapsed AND (NEW.expires_at <> OLD.expires_at OR NEW.state <> 'pending'))
    EXECUTE FUNCTION invitations_no_longer_lapsed();
