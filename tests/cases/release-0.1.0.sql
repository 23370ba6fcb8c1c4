-- What a service of release 0.1.0 had stored: two people who are active, a link that was mailed and is not used yet
-- (Dave), a letter that waits to be sent (Erin), an invitation that was revoked (Frank), and one that bounced and
-- expired (Gina). Links that are pending are valid until 2099. The root key is the one of all tests; the password is
-- "seven green bicycles sing". For both databases, after the migrations up to 2026-11-28-000009.

INSERT INTO users (
    id, email, email_key, search_text, first_name, last_name, status, password_hash, created_at,
    activated_at, removed_at, address_proven_at)
VALUES
    ('usr_01m8693800f6abbb1p5kkmc2zb', 'ada@example.com', 'ada@example.com',
        'ada@example.com
ada lovelace', 'Ada', 'Lovelace', 'active',
        '$argon2id$v=19$m=19456,t=2,p=1$1vxDU4VmonAiIzTNQQQxqA$pXqx4dLJ/uu47wwGRNJp176rvxnjvxPMMUEO5g1CBxg',
        '2026-11-24T08:00:00.000Z', '2026-11-24T08:30:00.000Z', NULL, '2026-11-24T08:30:00.000Z'),
    ('usr_01m86ch3m0ehv9pdjc6804pgga', 'olga@acme.example', 'olga@acme.example',
        'olga@acme.example
olga owner', 'Olga', 'Owner', 'active',
        '$argon2id$v=19$m=19456,t=2,p=1$1vxDU4VmonAiIzTNQQQxqA$pXqx4dLJ/uu47wwGRNJp176rvxnjvxPMMUEO5g1CBxg',
        '2026-11-24T09:00:00.000Z', '2026-11-24T09:30:00.000Z', NULL, '2026-11-24T09:30:00.000Z'),
    ('usr_01m892bp80exa8zt18xcy5fw9r', 'gina@bücher.example', 'gina@xn--bcher-kva.example',
        'gina@bücher.example
gina@xn--bcher-kva.example', NULL, NULL, 'invited', NULL,
        '2026-11-25T10:00:00.000Z', NULL, NULL, NULL),
    ('usr_01m8br68w0e1hb964aagp2ff1h', 'frank@example.com', 'frank@example.com', 'frank@example.com',
        NULL, NULL, 'invited', NULL, '2026-11-26T11:00:00.000Z', NULL, '2026-11-26T12:00:00.000Z', NULL),
    ('usr_01m8h0djg0em7tkenct76vnj9g', 'dave@globex.example', 'dave@globex.example',
        'dave@globex.example', NULL, NULL, 'invited', NULL, '2026-11-28T12:00:00.000Z', NULL, NULL, NULL),
    ('usr_01m8h3ve40f2n8s6rab34bdj5v', 'erin@example.com', 'erin@example.com', 'erin@example.com', NULL,
        NULL, 'invited', NULL, '2026-11-28T13:00:00.000Z', NULL, NULL, NULL);

INSERT INTO user_roles (
    user_id, role)
VALUES
    ('usr_01m8693800f6abbb1p5kkmc2zb', 'user_manager');

INSERT INTO accounts (
    id, name, name_key, search_text, account_type, status, parent_account_id, used_by, rate,
    company_name, registration_number, vat_number, street, house_number, postal_code, city, country,
    created_at, removed_at)
VALUES
    ('acc_01m86ch3m0ekrsyyt1qa05g2dt', 'Acme B.V.', 'acme b.v.', 'acme b.v.', 'business', 'active', NULL,
        NULL, NULL, 'Acme B.V.', '33031431', 'NL004495445B01', 'Dam', '1', '1012 JS', 'Amsterdam', 'NL',
        '2026-11-24T09:00:00.000Z', NULL),
    ('acc_01m8h0djg0ej49vmkttnmtr06v', NULL, NULL, '', NULL, 'invited', 'acc_01m86ch3m0ekrsyyt1qa05g2dt',
        'employee', 2300, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28T12:00:00.000Z', NULL);

INSERT INTO account_lineage (
    account_id, ancestor_id)
VALUES
    ('acc_01m86ch3m0ekrsyyt1qa05g2dt', 'acc_01m86ch3m0ekrsyyt1qa05g2dt'),
    ('acc_01m8h0djg0ej49vmkttnmtr06v', 'acc_01m8h0djg0ej49vmkttnmtr06v'),
    ('acc_01m8h0djg0ej49vmkttnmtr06v', 'acc_01m86ch3m0ekrsyyt1qa05g2dt');

INSERT INTO memberships (
    user_id, account_id, role, created_at)
VALUES
    ('usr_01m86ch3m0ehv9pdjc6804pgga', 'acc_01m86ch3m0ekrsyyt1qa05g2dt', 'account_owner',
        '2026-11-24T09:30:00.000Z');

INSERT INTO invitations (
    id, kind, user_id, email, email_key, search_text, roles, locale, inviter_kind, inviter_id,
    inviter_name, state, generation, send_count, created_at, last_sent_at, expires_at, activated_at,
    revoked_at, account_id, member_role, scope)
VALUES
    ('inv_01m8693800fw9rqtbcn6035626', 'system_user', 'usr_01m8693800f6abbb1p5kkmc2zb', 'ada@example.com',
        'ada@example.com', 'ada@example.com', 'user_manager', NULL, 'cli', 'Grace Hopper', 'Grace Hopper',
        'activated', 1, 1, '2026-11-24T08:00:00.000Z', '2026-11-24T08:01:00.000Z',
        '2026-11-25T08:01:00.000Z', '2026-11-24T08:30:00.000Z', NULL, NULL, NULL, ''),
    ('inv_01m86ch3m0er79e5vythy0yydr', 'account_owner', 'usr_01m86ch3m0ehv9pdjc6804pgga',
        'olga@acme.example', 'olga@acme.example', 'olga@acme.example', '', 'nl', 'user',
        'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace', 'activated', 1, 1, '2026-11-24T09:00:00.000Z',
        '2026-11-24T09:01:00.000Z', '2026-11-25T09:01:00.000Z', '2026-11-24T09:30:00.000Z', NULL,
        'acc_01m86ch3m0ekrsyyt1qa05g2dt', 'account_owner', ''),
    ('inv_01m892bp80e46tqge9ew5sr51w', 'system_user', 'usr_01m892bp80exa8zt18xcy5fw9r',
        'gina@bücher.example', 'gina@xn--bcher-kva.example',
        'gina@bücher.example
gina@xn--bcher-kva.example', 'viewer', 'de', 'user',
        'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace', 'pending', 1, 1, '2026-11-25T10:00:00.000Z',
        '2026-11-25T10:01:00.000Z', '2026-11-26T10:01:00.000Z', NULL, NULL, NULL, NULL, ''),
    ('inv_01m8br68w0fh28z0gn1p1nst7e', 'system_user', 'usr_01m8br68w0e1hb964aagp2ff1h',
        'frank@example.com', 'frank@example.com', 'frank@example.com', 'finance,viewer', NULL, 'user',
        'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace', 'revoked', 1, 1, '2026-11-26T11:00:00.000Z',
        '2026-11-26T11:01:00.000Z', '2026-11-27T11:01:00.000Z', NULL, '2026-11-26T12:00:00.000Z', NULL, NULL,
        ''),
    ('inv_01m8h0djg0e5y827rpn9rjrcwg', 'sub_account', 'usr_01m8h0djg0em7tkenct76vnj9g',
        'dave@globex.example', 'dave@globex.example', 'dave@globex.example', '', NULL, 'user',
        'usr_01m86ch3m0ehv9pdjc6804pgga', 'Olga Owner', 'pending', 1, 1, '2026-11-28T12:00:00.000Z',
        '2026-11-28T12:01:00.000Z', '2099-01-01T00:00:00.000Z', NULL, NULL, 'acc_01m8h0djg0ej49vmkttnmtr06v',
        'driver', 'acc_01m86ch3m0ekrsyyt1qa05g2dt'),
    ('inv_01m8h3ve40fbb94sndhmnwhnxk', 'system_user', 'usr_01m8h3ve40f2n8s6rab34bdj5v',
        'erin@example.com', 'erin@example.com', 'erin@example.com', 'viewer', NULL, 'user',
        'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace', 'pending', 1, 1, '2026-11-28T13:00:00.000Z',
        '2026-11-28T13:00:00.000Z', '2099-01-01T00:00:00.000Z', NULL, NULL, NULL, NULL, '');

INSERT INTO invitation_events (
    id, invitation_id, event_type, at, actor_kind, actor_id, actor_name, details)
VALUES
    ('evt_01m8693800e20b0vtbz7ke7r0a', 'inv_01m8693800fw9rqtbcn6035626', 'created',
        '2026-11-24T08:00:00.000Z', 'cli', 'Grace Hopper', 'Grace Hopper', '{"roles":["user_manager"]}'),
    ('evt_01m8693800ethb7s4yq3htt4k6', 'inv_01m8693800fw9rqtbcn6035626', 'email_queued',
        '2026-11-24T08:00:00.000Z', 'cli', 'Grace Hopper', 'Grace Hopper', '{"send_count":1}'),
    ('evt_01m86952k0fe59yrdn4xfrv0hd', 'inv_01m8693800fw9rqtbcn6035626', 'email_sent',
        '2026-11-24T08:01:00.000Z', 'system', 'courier', 'Courier', '{"attempt":1}'),
    ('evt_01m86at5t0fc6tkvycs1wxvcmm', 'inv_01m8693800fw9rqtbcn6035626', 'activated',
        '2026-11-24T08:30:00.000Z', 'user', 'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace', '{}'),
    ('evt_01m86ch3m0e3jvfvkf1cym45eb', 'inv_01m86ch3m0er79e5vythy0yydr', 'created',
        '2026-11-24T09:00:00.000Z', 'user', 'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace',
        '{"account_id":"acc_01m86ch3m0ekrsyyt1qa05g2dt","roles":["account_owner"]}'),
    ('evt_01m86ch3m0f5qtycf13xmpk6y4', 'inv_01m86ch3m0er79e5vythy0yydr', 'email_queued',
        '2026-11-24T09:00:00.000Z', 'user', 'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace',
        '{"send_count":1}'),
    ('evt_01m86cjy70e6wt38yvmr6w3rts', 'inv_01m86ch3m0er79e5vythy0yydr', 'email_sent',
        '2026-11-24T09:01:00.000Z', 'system', 'courier', 'Courier', '{"attempt":1}'),
    ('evt_01m86e81e0fzsr661c0etvfq4s', 'inv_01m86ch3m0er79e5vythy0yydr', 'activated',
        '2026-11-24T09:30:00.000Z', 'user', 'usr_01m86ch3m0ehv9pdjc6804pgga', 'Olga Owner', '{}'),
    ('evt_01m892bp80erfa9b2q1x6h3fxe', 'inv_01m892bp80e46tqge9ew5sr51w', 'created',
        '2026-11-25T10:00:00.000Z', 'user', 'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace',
        '{"roles":["viewer"]}'),
    ('evt_01m892bp80ervrc6vvays6q1cy', 'inv_01m892bp80e46tqge9ew5sr51w', 'email_queued',
        '2026-11-25T10:00:00.000Z', 'user', 'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace',
        '{"send_count":1}'),
    ('evt_01m892dgv0fmwr8gz6fthyyhh7', 'inv_01m892bp80e46tqge9ew5sr51w', 'email_sent',
        '2026-11-25T10:01:00.000Z', 'system', 'courier', 'Courier', '{"attempt":1}'),
    ('evt_01m8br68w0fyzas618s6w6g264', 'inv_01m8br68w0fh28z0gn1p1nst7e', 'created',
        '2026-11-26T11:00:00.000Z', 'user', 'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace',
        '{"roles":["finance","viewer"]}'),
    ('evt_01m8br68w0e4ht8g7mb362cgb1', 'inv_01m8br68w0fh28z0gn1p1nst7e', 'email_queued',
        '2026-11-26T11:00:00.000Z', 'user', 'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace',
        '{"send_count":1}'),
    ('evt_01m8br83f0fd3rd3brmhmtf0rn', 'inv_01m8br68w0fh28z0gn1p1nst7e', 'email_sent',
        '2026-11-26T11:01:00.000Z', 'system', 'courier', 'Courier', '{"attempt":1}'),
    ('evt_01m8bvm4g0fsat6bn1fs8sx734', 'inv_01m8br68w0fh28z0gn1p1nst7e', 'revoked',
        '2026-11-26T12:00:00.000Z', 'user', 'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace', '{}'),
    ('evt_01m8h0djg0f9brb7cdq7wwahqt', 'inv_01m8h0djg0e5y827rpn9rjrcwg', 'created',
        '2026-11-28T12:00:00.000Z', 'user', 'usr_01m86ch3m0ehv9pdjc6804pgga', 'Olga Owner',
        '{"account_id":"acc_01m8h0djg0ej49vmkttnmtr06v","roles":["driver"]}'),
    ('evt_01m8h0djg0e2ra5dgxysfmkhtn', 'inv_01m8h0djg0e5y827rpn9rjrcwg', 'email_queued',
        '2026-11-28T12:00:00.000Z', 'user', 'usr_01m86ch3m0ehv9pdjc6804pgga', 'Olga Owner',
        '{"send_count":1}'),
    ('evt_01m8h0fd30e6arfs9az2artfbx', 'inv_01m8h0djg0e5y827rpn9rjrcwg', 'email_sent',
        '2026-11-28T12:01:00.000Z', 'system', 'courier', 'Courier', '{"attempt":1}'),
    ('evt_01m8h3ve40fh899bz8r308bxxr', 'inv_01m8h3ve40fbb94sndhmnwhnxk', 'created',
        '2026-11-28T13:00:00.000Z', 'user', 'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace',
        '{"roles":["viewer"]}'),
    ('evt_01m8h3ve40fky9pzvf5v387ndc', 'inv_01m8h3ve40fbb94sndhmnwhnxk', 'email_queued',
        '2026-11-28T13:00:00.000Z', 'user', 'usr_01m8693800f6abbb1p5kkmc2zb', 'Ada Lovelace',
        '{"send_count":1}');

INSERT INTO letters (
    id, invitation_id, generation, state, attempts, next_attempt_at, created_at, sent_at, kind, provider,
    provider_message_id, fate, fate_at, fate_reason, first_tried_at, recipient, cause)
VALUES
    ('ltr_01m8693800fphsjf78vt1r9ghw', 'inv_01m8693800fw9rqtbcn6035626', 1, 'sent', 1,
        '2026-11-24T08:00:00.000Z', '2026-11-24T08:00:00.000Z', '2026-11-24T08:01:00.000Z', 'invitation',
        NULL, NULL, NULL, NULL, NULL, '2026-11-24T08:01:00.000Z', 'ada@example.com', NULL),
    ('ltr_01m86ch3m0fryr9a882e86at01', 'inv_01m86ch3m0er79e5vythy0yydr', 1, 'sent', 1,
        '2026-11-24T09:00:00.000Z', '2026-11-24T09:00:00.000Z', '2026-11-24T09:01:00.000Z', 'invitation',
        NULL, NULL, NULL, NULL, NULL, '2026-11-24T09:01:00.000Z', 'olga@acme.example', NULL),
    ('ltr_01m892bp80em7s8q0vsk1f4q6s', 'inv_01m892bp80e46tqge9ew5sr51w', 1, 'sent', 1,
        '2026-11-25T10:00:00.000Z', '2026-11-25T10:00:00.000Z', '2026-11-25T10:01:00.000Z', 'invitation',
        'postmark', 'b7bc2f4a-e38e-4336-af7d-e6c392c2f817', 'bounced', '2026-11-25T10:05:00.000Z',
        '550 5.1.1 no such mailbox', '2026-11-25T10:01:00.000Z', 'gina@bücher.example', NULL),
    ('ltr_01m8br68w0e60azmsp5fw36003', 'inv_01m8br68w0fh28z0gn1p1nst7e', 1, 'sent', 1,
        '2026-11-26T11:00:00.000Z', '2026-11-26T11:00:00.000Z', '2026-11-26T11:01:00.000Z', 'invitation',
        NULL, NULL, NULL, NULL, NULL, '2026-11-26T11:01:00.000Z', 'frank@example.com', NULL),
    ('ltr_01m8h0djg0epcaga3skrwpaa4w', 'inv_01m8h0djg0e5y827rpn9rjrcwg', 1, 'sent', 1,
        '2026-11-28T12:00:00.000Z', '2026-11-28T12:00:00.000Z', '2026-11-28T12:01:00.000Z', 'invitation',
        NULL, NULL, NULL, NULL, NULL, '2026-11-28T12:01:00.000Z', 'dave@globex.example', NULL),
    ('ltr_01m8h3ve40fz6s597b49t4wwhr', 'inv_01m8h3ve40fbb94sndhmnwhnxk', 1, 'queued', 0,
        '2026-11-28T13:00:00.000Z', '2026-11-28T13:00:00.000Z', NULL, 'invitation', NULL, NULL, NULL, NULL,
        NULL, NULL, 'erin@example.com', NULL);

INSERT INTO suppressions (
    id, email, email_key, reason, detail, created_at)
VALUES
    ('sup_01m892mv70e96sc8c5xkdna7t0', 'gina@bücher.example', 'gina@xn--bcher-kva.example', 'bounced',
        '550 5.1.1 no such mailbox', '2026-11-25T10:05:00.000Z');

INSERT INTO letter_counts (
    subject, sent, last_sent_at)
VALUES
    ('mailbox:erin@example.com', '1795870800000', '2026-11-28T13:00:00.000Z');

INSERT INTO mail_pace (
    relay, free_at)
VALUES
    ('smtp://relay.example.com:587', '2026-11-28T13:00:00.000Z');

INSERT INTO mail_events (
    provider, event_id, received_at)
VALUES
    ('postmark', 'b7bc2f4a-e38e-4336-af7d-e6c392c2f817/bounce', '2026-11-25T10:05:00.000Z');

