-- Users of whom nothing is left but the address: their invitations are another user's.
DELETE FROM users WHERE removed_at IS NOT NULL AND erased_at IS NULL AND status = 'invited'
    AND NOT EXISTS (SELECT 1 FROM invitations i WHERE i.user_id = users.id)
    AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = users.id)
    AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id)
    AND NOT EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = users.id)
    AND NOT EXISTS (SELECT 1 FROM email_changes c WHERE c.user_id = users.id);
