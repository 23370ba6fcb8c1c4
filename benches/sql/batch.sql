-- The rows of :size invitations of system users, one statement a table, in one transaction: for pgbench.
\set n :n + 1
\set k :base + :n * 10000
BEGIN;
INSERT INTO users (id, email, email_key, search_text, status, created_at, invited_as_staff)
    SELECT 'usr_01kzzzzzzze08' || k, 'person.' || k || '@example.com', 'person.' || k || '@example.com',
        'person.' || k || '@example.com', 'invited', now(), TRUE
    FROM generate_series(:k::bigint + 1, :k::bigint + :size::bigint) AS k;
INSERT INTO invitations (id, kind, user_id, email, email_key, search_text, roles, locale, inviter_kind, inviter_id, inviter_name,
        state, generation, send_count, created_at, last_sent_at, expires_at, account_id, member_role, scope)
    SELECT 'inv_01kzzzzzzze08' || k, 'system_user', 'usr_01kzzzzzzze08' || k, 'person.' || k || '@example.com',
        'person.' || k || '@example.com', 'person.' || k || '@example.com', 'customer_support,viewer', NULL,
        'cli', 'Benchmark', 'Benchmark', 'pending', 1, 1, now(), now(), now() + interval '1 day', NULL, NULL, ''
    FROM generate_series(:k::bigint + 1, :k::bigint + :size::bigint) AS k;
INSERT INTO letters (id, invitation_id, kind, generation, state, attempts, next_attempt_at, created_at)
    SELECT 'ltr_01kzzzzzzze08' || k, 'inv_01kzzzzzzze08' || k, 'invitation', 1, 'queued', 0, now(), now()
    FROM generate_series(:k::bigint + 1, :k::bigint + :size::bigint) AS k;
INSERT INTO invitation_events (id, invitation_id, event_type, at, actor_kind, actor_id, actor_name, details)
    SELECT 'evt_01kzzzzzzze' || event.tag || k, 'inv_01kzzzzzzze08' || k, event.type, now(), 'cli', 'Benchmark', 'Benchmark', event.details
    FROM generate_series(:k::bigint + 1, :k::bigint + :size::bigint) AS k,
        (VALUES ('08', 'created', '{"roles":["customer_support","viewer"]}'), ('09', 'email_queued', '{"send_count":1}'))
            AS event (tag, type, details);
INSERT INTO audit_events (id, at, action, outcome, actor_kind, actor_id, actor_name, object, request_id, address, user_agent, details)
    SELECT 'aud_01kzzzzzzze08' || k, now(), 'invitation_created', 'succeeded', 'cli', 'Benchmark', 'Benchmark',
        'inv_01kzzzzzzze08' || k, 'req_01kzzzzzzze08' || k, '127.0.0.1', NULL, '{"roles":["customer_support","viewer"]}'
    FROM generate_series(:k::bigint + 1, :k::bigint + :size::bigint) AS k;
COMMIT;
