-- The span in which a letter or a webhook event was written, as traceparent of W3C Trace Context has it, so that its
-- sending is part of the same trace. For tracing alone. The same as in ../../sqlite. None where spans are not exported.
ALTER TABLE letters ADD COLUMN trace_parent TEXT;
ALTER TABLE webhook_events ADD COLUMN trace_parent TEXT;
