-- REPLACE also deletes a row with the same rowid. Before an insert, NEW.rowid is -1 where none is given.
DROP TRIGGER audit_events_no_replace;
CREATE TRIGGER audit_events_no_replace BEFORE INSERT ON audit_events
    WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id)
        OR EXISTS (SELECT 1 FROM audit_events WHERE rowid = NEW.rowid) BEGIN
    SELECT RAISE(ABORT, 'audit_events is append-only');
END;

-- No row has the rowid -1: the trigger above would refuse all later events.
CREATE TRIGGER audit_events_rowid AFTER INSERT ON audit_events WHEN NEW.rowid = -1 BEGIN
    SELECT RAISE(ABORT, 'audit_events is append-only: rowid -1');
END;
