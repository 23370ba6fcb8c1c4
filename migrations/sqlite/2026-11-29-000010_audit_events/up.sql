-- Who did what, to what, when and from where. The same tables, columns and constraints as in ../../postgres.
-- Users are named by their ids, so that a person can be erased while the record stays whole.

CREATE TABLE audit_events (
    id          TEXT NOT NULL PRIMARY KEY,
    at          TEXT NOT NULL,
    action      TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    -- The caller; none where the caller did not prove an identity.
    actor_kind  TEXT,
    actor_id    TEXT,
    -- None for a user: the name is read from the users.
    actor_name  TEXT,
    -- The id of what the action was about.
    object      TEXT,
    request_id  TEXT,
    address     TEXT,
    user_agent  TEXT,
    details     TEXT NOT NULL,
    CONSTRAINT audit_events_outcome_known CHECK (outcome IN ('succeeded', 'denied'))
) STRICT;
CREATE INDEX audit_events_of_actor ON audit_events (actor_id, id);
CREATE INDEX audit_events_of_object ON audit_events (object, id);
CREATE INDEX audit_events_of_action ON audit_events (action, id);

-- Append-only: events are never changed, and not deleted for a year.
CREATE TRIGGER audit_events_append_only BEFORE UPDATE ON audit_events BEGIN
    SELECT RAISE(ABORT, 'audit_events is append-only');
END;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
    WHEN OLD.at >= strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-365 days') BEGIN
    SELECT RAISE(ABORT, 'audit_events is append-only');
END;
