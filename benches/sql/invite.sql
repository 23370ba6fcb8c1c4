-- The rows that one invitation of a system user makes, in a transaction of its own: for pgbench.
\set n :n + 1
\set k :base + :n * 1000 + :client_id
BEGIN;
INSERT INTO users (id, email, email_key, search_text, status, created_at, invited_as_staff)
    VALUES ('usr_01kzzzzzzze08' || :k::text, 'person.' || :k::text || '@example.com', 'person.' || :k::text || '@example.com',
        'person.' || :k::text || '@example.com', 'invited', now(), TRUE);
INSERT INTO invitations (id, kind, user_id, email, email_key, search_text, roles, locale, inviter_kind, inviter_id, inviter_name,
        state, generation, send_count, created_at, last_sent_at, expires_at, account_id, member_role, scope)
    VALUES ('inv_01kzzzzzzze08' || :k::text, 'system_user', 'usr_01kzzzzzzze08' || :k::text, 'person.' || :k::text || '@example.com',
        'person.' || :k::text || '@example.com', 'person.' || :k::text || '@example.com', 'customer_support,viewer', NULL,
        'cli', 'Benchmark', 'Benchmark', 'pending', 1, 1, now(), now(), now() + interval '1 day', NULL, NULL, '');
INSERT INTO letters (id, invitation_id, kind, generation, state, attempts, next_attempt_at, created_at)
    VALUES ('ltr_01kzzzzzzze08' || :k::text, 'inv_01kzzzzzzze08' || :k::text, 'invitation', 1, 'queued', 0, now(), now());
INSERT INTO invitation_events (id, invitation_id, event_type, at, actor_kind, actor_id, actor_name, details)
    VALUES ('evt_01kzzzzzzze08' || :k::text, 'inv_01kzzzzzzze08' || :k::text, 'created', now(), 'cli', 'Benchmark', 'Benchmark',
            '{"roles":["customer_support","viewer"]}'),
        ('evt_01kzzzzzzze09' || :k::text, 'inv_01kzzzzzzze08' || :k::text, 'email_queued', now(), 'cli', 'Benchmark', 'Benchmark',
            '{"send_count":1}');
INSERT INTO audit_events (id, at, action, outcome, actor_kind, actor_id, actor_name, object, request_id, address, user_agent, details)
    VALUES ('aud_01kzzzzzzze08' || :k::text, now(), 'invitation_created', 'succeeded', 'cli', 'Benchmark', 'Benchmark',
        'inv_01kzzzzzzze08' || :k::text, 'req_01kzzzzzzze08' || :k::text, '127.0.0.1', NULL,
        '{"roles":["customer_support","viewer"]}');
COMMIT;
