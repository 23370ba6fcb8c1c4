-- Who did what, to what, when and from where. The same tables, columns and constraints as in ../../sqlite.
-- Users are named by their ids, so that a person can be erased while the record stays whole.

CREATE TABLE audit_events (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at          TIMESTAMPTZ NOT NULL,
    action      TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    -- The caller; none where the caller did not prove an identity.
    actor_kind  TEXT,
    actor_id    TEXT COLLATE "C",
    -- None for a user: the name is read from the users.
    actor_name  TEXT,
    -- The id of what the action was about.
    object      TEXT COLLATE "C",
    request_id  TEXT,
    address     TEXT,
    user_agent  TEXT,
    details     TEXT NOT NULL,
    CONSTRAINT audit_events_outcome_known CHECK (outcome IN ('succeeded', 'denied'))
);
CREATE INDEX audit_events_of_actor ON audit_events (actor_id, id);
CREATE INDEX audit_events_of_object ON audit_events (object, id);
CREATE INDEX audit_events_of_action ON audit_events (action, id);

-- Append-only: events are never changed, and not deleted for a year.
CREATE FUNCTION audit_events_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - INTERVAL '365 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit_events is append-only';
END
$$;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION audit_events_append_only();
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_events_append_only();
