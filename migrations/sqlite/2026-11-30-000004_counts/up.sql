-- The numbers of invitations, letters and users, which triggers keep: no code can forget them, and reading them takes
-- as long at a million rows as at none. The same tables, columns and index as in ../../postgres. A migration that makes
-- one of these tables anew has to make its triggers anew.

CREATE TABLE row_counts (
    -- What is counted: invitations, deliveries (the newest letters of invitations) or users.
    subject TEXT NOT NULL,
    -- Of an invitation and of its letter, the kind of the invitation; of a user, what they are, a digit each: role,
    -- membership, invited as staff, invited as a customer.
    kind    TEXT NOT NULL,
    -- Of an invitation, the state, or lapsed; of a letter, the state without regard to time, and of a bounced one the
    -- cause, which tells whose fault it is.
    state   TEXT NOT NULL,
    -- PostgreSQL has several, since it has several writers.
    slot    INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    PRIMARY KEY (subject, kind, state, slot)
) STRICT, WITHOUT ROWID;

-- What a user is.
ALTER TABLE users ADD COLUMN has_role INTEGER NOT NULL DEFAULT 0;
-- One that the person with the proven address has accepted.
ALTER TABLE users ADD COLUMN has_membership INTEGER NOT NULL DEFAULT 0;
-- Pending invitations, expired ones included.
ALTER TABLE users ADD COLUMN invited_as_staff INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN invited_as_customer INTEGER NOT NULL DEFAULT 0;

-- The letters that a courier has claimed.
CREATE INDEX letters_leased ON letters (leased_until) WHERE leased_until IS NOT NULL;

UPDATE users SET
    has_role = EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = users.id),
    has_membership = EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id
        AND (users.address_proven_at IS NULL OR m.created_at >= users.address_proven_at)),
    invited_as_staff = EXISTS (SELECT 1 FROM invitations i WHERE i.user_id = users.id
        AND i.state = 'pending' AND i.kind = 'system_user'),
    invited_as_customer = EXISTS (SELECT 1 FROM invitations i WHERE i.user_id = users.id
        AND i.state = 'pending' AND i.kind <> 'system_user');
INSERT INTO row_counts (subject, kind, state, slot, n)
    SELECT 'invitations', kind, iif(lapsed, 'lapsed', state), 0, count(*) FROM invitations GROUP BY 2, 3
    UNION ALL
    SELECT 'deliveries', i.kind, CASE WHEN l.state <> 'sent' OR l.fate IS NULL THEN l.state
            WHEN l.fate = 'bounced' AND l.cause IS NOT NULL THEN 'bounced:' || l.cause ELSE l.fate END, 0, count(*)
        FROM letters l JOIN invitations i ON i.id = l.invitation_id AND i.generation = l.generation
        WHERE l.kind = 'invitation' GROUP BY 2, 3
    UNION ALL
    SELECT 'users', has_role || has_membership || invited_as_staff || invited_as_customer, status, 0, count(*)
        FROM users WHERE removed_at IS NULL GROUP BY 2, 3;

-- Invitations.

CREATE TRIGGER invitations_inserted AFTER INSERT ON invitations BEGIN
    INSERT INTO row_counts (subject, kind, state, slot, n)
        VALUES ('invitations', NEW.kind, iif(NEW.lapsed, 'lapsed', NEW.state), 0, 1)
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = n + 1;
    -- A user who is inserted for an invitation has the mark already.
    UPDATE users SET invited_as_staff = invited_as_staff OR NEW.kind = 'system_user',
            invited_as_customer = invited_as_customer OR NEW.kind <> 'system_user'
        WHERE id = NEW.user_id AND NEW.state = 'pending'
            AND NOT iif(NEW.kind = 'system_user', invited_as_staff, invited_as_customer);
END;

CREATE TRIGGER invitations_counted AFTER UPDATE OF kind, state, lapsed ON invitations
WHEN OLD.kind <> NEW.kind OR OLD.state <> NEW.state OR OLD.lapsed <> NEW.lapsed BEGIN
    UPDATE row_counts SET n = n - 1
        WHERE subject = 'invitations' AND kind = OLD.kind AND state = iif(OLD.lapsed, 'lapsed', OLD.state) AND slot = 0;
    INSERT INTO row_counts (subject, kind, state, slot, n)
        VALUES ('invitations', NEW.kind, iif(NEW.lapsed, 'lapsed', NEW.state), 0, 1)
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = n + 1;
END;

-- Another letter is the newest one.
CREATE TRIGGER invitations_sent_again AFTER UPDATE OF kind, generation ON invitations
WHEN OLD.kind <> NEW.kind OR OLD.generation <> NEW.generation BEGIN
    UPDATE row_counts SET n = n - 1
        WHERE subject = 'deliveries' AND kind = OLD.kind AND slot = 0 AND state = (
            SELECT CASE WHEN l.state <> 'sent' OR l.fate IS NULL THEN l.state
                WHEN l.fate = 'bounced' AND l.cause IS NOT NULL THEN 'bounced:' || l.cause ELSE l.fate END
            FROM letters l
            WHERE l.invitation_id = NEW.id AND l.generation = OLD.generation AND l.kind = 'invitation');
    INSERT INTO row_counts (subject, kind, state, slot, n)
        SELECT 'deliveries', NEW.kind, CASE WHEN l.state <> 'sent' OR l.fate IS NULL THEN l.state
                WHEN l.fate = 'bounced' AND l.cause IS NOT NULL THEN 'bounced:' || l.cause ELSE l.fate END, 0, 1
            FROM letters l
            WHERE l.invitation_id = NEW.id AND l.generation = NEW.generation AND l.kind = 'invitation'
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER invitations_ties AFTER UPDATE OF kind, state, user_id ON invitations
WHEN OLD.kind <> NEW.kind OR OLD.state <> NEW.state OR OLD.user_id <> NEW.user_id BEGIN
    UPDATE users SET
        invited_as_staff = EXISTS (SELECT 1 FROM invitations i WHERE i.user_id = users.id
            AND i.state = 'pending' AND i.kind = 'system_user'),
        invited_as_customer = EXISTS (SELECT 1 FROM invitations i WHERE i.user_id = users.id
            AND i.state = 'pending' AND i.kind <> 'system_user')
        WHERE id IN (OLD.user_id, NEW.user_id);
END;

CREATE TRIGGER invitations_deleted AFTER DELETE ON invitations BEGIN
    UPDATE row_counts SET n = n - 1
        WHERE subject = 'invitations' AND kind = OLD.kind AND state = iif(OLD.lapsed, 'lapsed', OLD.state) AND slot = 0;
    UPDATE users SET
        invited_as_staff = EXISTS (SELECT 1 FROM invitations i WHERE i.user_id = users.id
            AND i.state = 'pending' AND i.kind = 'system_user'),
        invited_as_customer = EXISTS (SELECT 1 FROM invitations i WHERE i.user_id = users.id
            AND i.state = 'pending' AND i.kind <> 'system_user')
        WHERE id = OLD.user_id AND OLD.state = 'pending';
END;

-- Letters, of which the newest of each invitation is counted.

CREATE TRIGGER letters_inserted AFTER INSERT ON letters WHEN NEW.kind = 'invitation' BEGIN
    INSERT INTO row_counts (subject, kind, state, slot, n)
        SELECT 'deliveries', i.kind, CASE WHEN NEW.state <> 'sent' OR NEW.fate IS NULL THEN NEW.state
                WHEN NEW.fate = 'bounced' AND NEW.cause IS NOT NULL THEN 'bounced:' || NEW.cause ELSE NEW.fate END, 0, 1
            FROM invitations i WHERE i.id = NEW.invitation_id AND i.generation = NEW.generation
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER letters_updated AFTER UPDATE OF state, fate, cause ON letters
WHEN NEW.kind = 'invitation'
    AND (OLD.state <> NEW.state OR OLD.fate IS NOT NEW.fate OR OLD.cause IS NOT NEW.cause) BEGIN
    UPDATE row_counts SET n = n - 1
        WHERE subject = 'deliveries' AND slot = 0
            AND kind = (SELECT i.kind FROM invitations i
                WHERE i.id = NEW.invitation_id AND i.generation = NEW.generation)
            AND state = CASE WHEN OLD.state <> 'sent' OR OLD.fate IS NULL THEN OLD.state
                WHEN OLD.fate = 'bounced' AND OLD.cause IS NOT NULL THEN 'bounced:' || OLD.cause ELSE OLD.fate END;
    INSERT INTO row_counts (subject, kind, state, slot, n)
        SELECT 'deliveries', i.kind, CASE WHEN NEW.state <> 'sent' OR NEW.fate IS NULL THEN NEW.state
                WHEN NEW.fate = 'bounced' AND NEW.cause IS NOT NULL THEN 'bounced:' || NEW.cause ELSE NEW.fate END, 0, 1
            FROM invitations i WHERE i.id = NEW.invitation_id AND i.generation = NEW.generation
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER letters_deleted AFTER DELETE ON letters WHEN OLD.kind = 'invitation' BEGIN
    UPDATE row_counts SET n = n - 1
        WHERE subject = 'deliveries' AND slot = 0
            AND kind = (SELECT i.kind FROM invitations i
                WHERE i.id = OLD.invitation_id AND i.generation = OLD.generation)
            AND state = CASE WHEN OLD.state <> 'sent' OR OLD.fate IS NULL THEN OLD.state
                WHEN OLD.fate = 'bounced' AND OLD.cause IS NOT NULL THEN 'bounced:' || OLD.cause ELSE OLD.fate END;
END;

-- Users who were not removed, by what they are and by status.

CREATE TRIGGER users_inserted AFTER INSERT ON users WHEN NEW.removed_at IS NULL BEGIN
    INSERT INTO row_counts (subject, kind, state, slot, n)
        VALUES ('users', NEW.has_role || NEW.has_membership || NEW.invited_as_staff || NEW.invited_as_customer,
            NEW.status, 0, 1)
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER users_updated AFTER UPDATE OF status, removed_at, has_role, has_membership, invited_as_staff,
    invited_as_customer ON users
WHEN OLD.status <> NEW.status OR (OLD.removed_at IS NULL) <> (NEW.removed_at IS NULL)
    OR OLD.has_role <> NEW.has_role OR OLD.has_membership <> NEW.has_membership
    OR OLD.invited_as_staff <> NEW.invited_as_staff OR OLD.invited_as_customer <> NEW.invited_as_customer BEGIN
    UPDATE row_counts SET n = n - 1
        WHERE OLD.removed_at IS NULL AND subject = 'users' AND state = OLD.status AND slot = 0
            AND kind = OLD.has_role || OLD.has_membership || OLD.invited_as_staff || OLD.invited_as_customer;
    INSERT INTO row_counts (subject, kind, state, slot, n)
        SELECT 'users', NEW.has_role || NEW.has_membership || NEW.invited_as_staff || NEW.invited_as_customer,
            NEW.status, 0, 1 WHERE NEW.removed_at IS NULL
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER users_deleted AFTER DELETE ON users WHEN OLD.removed_at IS NULL BEGIN
    UPDATE row_counts SET n = n - 1
        WHERE subject = 'users' AND state = OLD.status AND slot = 0
            AND kind = OLD.has_role || OLD.has_membership || OLD.invited_as_staff || OLD.invited_as_customer;
END;

-- What else decides what a user is: roles, memberships, and since when the address is proven.

CREATE TRIGGER user_roles_inserted AFTER INSERT ON user_roles BEGIN
    UPDATE users SET has_role = 1 WHERE id = NEW.user_id;
END;

CREATE TRIGGER user_roles_deleted AFTER DELETE ON user_roles BEGIN
    UPDATE users SET has_role = EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = users.id) WHERE id = OLD.user_id;
END;

CREATE TRIGGER memberships_inserted AFTER INSERT ON memberships BEGIN
    UPDATE users SET has_membership = EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id
            AND (users.address_proven_at IS NULL OR m.created_at >= users.address_proven_at))
        WHERE id = NEW.user_id;
END;

CREATE TRIGGER memberships_updated AFTER UPDATE ON memberships BEGIN
    UPDATE users SET has_membership = EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id
            AND (users.address_proven_at IS NULL OR m.created_at >= users.address_proven_at))
        WHERE id IN (OLD.user_id, NEW.user_id);
END;

CREATE TRIGGER memberships_deleted AFTER DELETE ON memberships BEGIN
    UPDATE users SET has_membership = EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id
            AND (users.address_proven_at IS NULL OR m.created_at >= users.address_proven_at))
        WHERE id = OLD.user_id;
END;

CREATE TRIGGER users_proven AFTER UPDATE OF address_proven_at ON users
WHEN OLD.address_proven_at IS NOT NEW.address_proven_at BEGIN
    UPDATE users SET has_membership = EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id
            AND (users.address_proven_at IS NULL OR m.created_at >= users.address_proven_at))
        WHERE id = NEW.id;
END;
