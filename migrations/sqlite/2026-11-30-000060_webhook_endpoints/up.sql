-- Webhooks for partners: endpoints, the events that are sent to them, and how far each has come.
-- The same tables, columns and constraints as in ../../postgres.

CREATE TABLE webhook_endpoints (
    id              TEXT NOT NULL PRIMARY KEY,
    client_id       TEXT NOT NULL REFERENCES api_clients (id),
    url             TEXT NOT NULL,
    -- Whether a caller who is no program set the URL: then it may be in a network that the operator named.
    set_by_staff    INTEGER NOT NULL DEFAULT 0,
    -- Types of events, separated by blanks.
    event_types     TEXT NOT NULL,
    status          TEXT NOT NULL,
    disabled_reason TEXT,
    disabled_at     TEXT,
    -- Since when deliveries fail; none after one that succeeded.
    failing_since   TEXT,
    -- When one failed last: a failure long after it begins the time anew.
    last_failed_at  TEXT,
    -- The last event of the last replay.
    replayed_to     TEXT,
    created_by_kind TEXT NOT NULL,
    created_by_id   TEXT NOT NULL,
    -- None for a user: the name is read from the users.
    created_by_name TEXT,
    created_at      TEXT NOT NULL,
    -- A deleted one stays until its deliveries are gone.
    deleted_at      TEXT,
    CONSTRAINT webhook_endpoints_status_known CHECK (status IN ('active', 'paused', 'disabled')),
    CONSTRAINT webhook_endpoints_reason_known CHECK (disabled_reason IN ('failing', 'gone'))
) STRICT;
CREATE INDEX webhook_endpoints_of_client ON webhook_endpoints (client_id, id);
-- Every transaction that writes events reads these, however many were deleted.
CREATE INDEX webhook_endpoints_present ON webhook_endpoints (id) WHERE deleted_at IS NULL;

CREATE TABLE webhook_secrets (
    id          TEXT NOT NULL PRIMARY KEY,
    endpoint_id TEXT NOT NULL REFERENCES webhook_endpoints (id),
    -- SHA-256, in hexadecimal digits: the secret is derived from a key.
    hash        TEXT NOT NULL,
    -- The last four characters.
    hint        TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    expires_at  TEXT
) STRICT;
CREATE INDEX webhook_secrets_of_endpoint ON webhook_secrets (endpoint_id);

CREATE TABLE webhook_events (
    id         TEXT NOT NULL PRIMARY KEY,
    event_type TEXT NOT NULL,
    at         TEXT NOT NULL,
    -- The body: ids and words, nothing personal.
    payload    TEXT NOT NULL
) STRICT;

CREATE TABLE webhook_deliveries (
    endpoint_id     TEXT NOT NULL REFERENCES webhook_endpoints (id),
    event_id        TEXT NOT NULL REFERENCES webhook_events (id),
    -- The person: events of one are sent in order.
    subject         TEXT NOT NULL,
    event_at        TEXT NOT NULL,
    state           TEXT NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt_at TEXT NOT NULL,
    leased_until    TEXT,
    PRIMARY KEY (endpoint_id, event_id),
    CONSTRAINT webhook_deliveries_state_known CHECK (state IN ('pending', 'delivered', 'failed'))
) STRICT;
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (event_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_attempt_at, event_id)
    WHERE state = 'pending';
CREATE INDEX webhook_deliveries_in_order ON webhook_deliveries (endpoint_id, subject, event_at, event_id)
    WHERE state = 'pending';
-- For an erasure.
CREATE INDEX webhook_deliveries_of_subject ON webhook_deliveries (subject) WHERE state <> 'delivered';

CREATE TABLE webhook_attempts (
    id           TEXT NOT NULL PRIMARY KEY,
    endpoint_id  TEXT NOT NULL REFERENCES webhook_endpoints (id),
    event_id     TEXT NOT NULL,
    event_type   TEXT NOT NULL,
    attempt      INTEGER NOT NULL,
    at           TEXT NOT NULL,
    -- Of the answer, if there was one.
    status       INTEGER,
    -- Why there was none, in words of this program.
    error        TEXT,
    milliseconds INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_attempts_of_endpoint ON webhook_attempts (endpoint_id, id);
CREATE INDEX webhook_attempts_of_event ON webhook_attempts (endpoint_id, event_id, id);

-- Up to when expired links were looked for; one row.
CREATE TABLE webhook_progress (
    name TEXT NOT NULL PRIMARY KEY,
    at   TEXT NOT NULL
) STRICT;
