ALTER TABLE webhook_events DROP COLUMN trace_parent;
ALTER TABLE letters DROP COLUMN trace_parent;
