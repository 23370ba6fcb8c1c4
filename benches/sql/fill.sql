-- Fills the tables with ROWS people as a service has them that has run for a while: one in five invited to
-- the staff, the rest as drivers below 200 companies; half of all active, a tenth with an expired link, the
-- rest with a live one. For both databases: ROWS is put in by the program that reads this, as is AT(seconds from
-- now), which each writes its own way.
CREATE TEMPORARY TABLE people AS
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ROWS)
    SELECT n, 'k0000000e008' || (100000000000 + n) AS id, 'k0000000e008' || (200000000000 + n % 200) AS parent,
        'person.' || n || '@company' || (n % 200) || '.example.com' AS email,
        n % 5 = 0 AS staff, n % 2 = 0 AS active,
        CASE WHEN n % 2 = 0 OR n % 10 = 1 THEN -3456000 + n * 20 ELSE -3600 END AS made
    FROM numbers;

INSERT INTO accounts (id, name, name_key, search_text, account_type, status, company_name, vat_number, street, postal_code, city,
        country, created_at)
    SELECT 'acc_01' || parent, 'Company ' || parent, 'company ' || parent, 'company ' || parent, 'business', 'active',
        'Company ' || parent, 'NL004495445B01', 'Keizersgracht', '1015 CN', 'Amsterdam', 'NL', AT(-3500000)
    FROM people WHERE n <= 200;
INSERT INTO accounts (id, name, name_key, search_text, account_type, status, parent_account_id, used_by, rate, created_at)
    SELECT 'acc_01' || id, CASE WHEN active THEN 'Person ' || n END, CASE WHEN active THEN 'person ' || n END,
        CASE WHEN active THEN 'person ' || n ELSE '' END, CASE WHEN active THEN 'consumer' END,
        CASE WHEN active THEN 'active' ELSE 'invited' END, 'acc_01' || parent, 'employee', 2300, AT(made)
    FROM people WHERE NOT staff;
INSERT INTO account_lineage (account_id, ancestor_id) SELECT id, id FROM accounts;
INSERT INTO account_lineage (account_id, ancestor_id) SELECT 'acc_01' || id, 'acc_01' || parent FROM people WHERE NOT staff;

INSERT INTO users (id, email, email_key, search_text, first_name, last_name, status, password_hash, created_at, activated_at)
    SELECT 'usr_01' || id, email, email, email, CASE WHEN active THEN 'Person' END, CASE WHEN active THEN 'Number ' || n END,
        CASE WHEN active THEN 'active' ELSE 'invited' END,
        CASE WHEN active THEN '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$' || id || 'c29tZWhhc2hzb21laGFzaHNvbWVoYXM' END,
        AT(made), CASE WHEN active THEN AT(made + 3600) END
    FROM people;
INSERT INTO user_roles (user_id, role) SELECT 'usr_01' || id, 'viewer' FROM people WHERE staff AND active;
INSERT INTO memberships (user_id, account_id, role, created_at)
    SELECT 'usr_01' || id, 'acc_01' || id, 'driver', AT(made + 3600) FROM people WHERE active AND NOT staff;

INSERT INTO invitations (id, kind, user_id, email, email_key, search_text, roles, inviter_kind, inviter_id, inviter_name, state,
        generation, send_count, created_at, last_sent_at, expires_at, activated_at, account_id, member_role, scope)
    SELECT 'inv_01' || id, CASE WHEN staff THEN 'system_user' ELSE 'sub_account' END, 'usr_01' || id, email, email, email,
        CASE WHEN staff THEN 'viewer' ELSE '' END, 'user', 'usr_01k0000000e008200000000001', 'Grace Hopper',
        CASE WHEN active THEN 'activated' ELSE 'pending' END, 1, 1, AT(made), AT(made), AT(made + 86400),
        CASE WHEN active THEN AT(made + 3600) END, CASE WHEN NOT staff THEN 'acc_01' || id END,
        CASE WHEN NOT staff THEN 'driver' END, CASE WHEN staff THEN '' ELSE 'acc_01' || parent END
    FROM people;
INSERT INTO letters (id, invitation_id, kind, generation, state, attempts, next_attempt_at, created_at, sent_at)
    SELECT 'ltr_01' || id, 'inv_01' || id, 'invitation', 1, 'sent', 1, AT(made + 60), AT(made), AT(made + 1) FROM people;
INSERT INTO invitation_events (id, invitation_id, event_type, at, actor_kind, actor_id, actor_name, details)
    SELECT 'evt_01' || substr(id, 1, 11) || event.tag || substr(id, 13), 'inv_01' || id, event.type, AT(made), 'user',
        'usr_01k0000000e008200000000001', 'Grace Hopper', event.details
    FROM people, (SELECT '8' AS tag, 'created' AS type, '{"roles":["viewer"]}' AS details
        UNION ALL SELECT '9', 'email_queued', '{"send_count":1}'
        UNION ALL SELECT 'a', 'email_sent', '{"attempt":1}') AS event;
