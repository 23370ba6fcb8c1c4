-- Since when it is proven that whoever chose the person's password reads the mail that goes to their address:
-- they activated by a link that was mailed there. The same as in ../../postgres.
ALTER TABLE users ADD COLUMN address_proven_at TEXT
    CONSTRAINT users_proven_from_activation CHECK (address_proven_at IS NULL OR status <> 'invited');
-- So far a password was chosen once, by the activation that made the person active; whatever they joined
-- later asked for none.
UPDATE users SET address_proven_at = activated_at WHERE status <> 'invited'
    AND EXISTS (SELECT 1 FROM invitations i
        JOIN letters l ON l.invitation_id = i.id AND l.generation = i.generation AND l.kind = 'invitation'
        WHERE i.user_id = users.id AND i.state = 'activated' AND i.activated_at = users.activated_at AND l.state <> 'handed_over')
    AND NOT EXISTS (SELECT 1 FROM invitations i
        JOIN letters l ON l.invitation_id = i.id AND l.generation = i.generation AND l.kind = 'invitation'
        WHERE i.user_id = users.id AND i.state = 'activated' AND i.activated_at = users.activated_at AND l.state = 'handed_over');
