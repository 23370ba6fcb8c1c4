-- The numbers of invitations, letters and users, which triggers keep: no code can forget them, and reading them takes
-- as long at a million rows as at none. The same tables, columns and index as in ../../sqlite.

CREATE TABLE row_counts (
    -- What is counted: invitations, deliveries (the newest letters of invitations) or users.
    subject TEXT COLLATE "C" NOT NULL,
    -- Of an invitation and of its letter, the kind of the invitation; of a user, what they are (see user_ties).
    kind    TEXT COLLATE "C" NOT NULL,
    state   TEXT COLLATE "C" NOT NULL,
    -- A number is the sum over the slots. Transactions that run at the same time write to different slots, so that
    -- none waits for another.
    slot    INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    PRIMARY KEY (subject, kind, state, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- What a user is. Most users are members, so that most rows stay as they are.
ALTER TABLE users
    ADD COLUMN has_role            BOOLEAN NOT NULL DEFAULT FALSE,
    -- One that the person with the proven address has accepted.
    ADD COLUMN has_membership      BOOLEAN NOT NULL DEFAULT TRUE,
    -- Pending invitations, expired ones included.
    ADD COLUMN invited_as_staff    BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN invited_as_customer BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ALTER COLUMN has_membership SET DEFAULT FALSE;

-- The letters that a courier has claimed.
CREATE INDEX letters_leased ON letters (leased_until) WHERE leased_until IS NOT NULL;

-- The slot of this transaction: one that no other transaction uses now. Locks end after the commit is visible, so
-- that the next user of a slot sees its numbers.
CREATE FUNCTION row_counts_slot() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    first integer := pg_backend_pid() % 16;
BEGIN
    FOR i IN 0..63 LOOP
        IF pg_try_advisory_xact_lock(1919251299, (first + i) % 64) THEN
            RETURN (first + i) % 64;
        END IF;
    END LOOP;
    -- No other session has this one.
    RETURN 64 + pg_backend_pid();
END
$$;

CREATE FUNCTION row_counts_add(counted text, of_kind text, in_state text, difference integer) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO row_counts AS c (subject, kind, state, slot, n)
        VALUES (counted, of_kind, in_state, row_counts_slot(), difference)
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = c.n + excluded.n;
END
$$;

-- A pending invitation that has lapsed is counted apart.
CREATE FUNCTION invitation_class(state text, lapsed boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN lapsed THEN 'lapsed' ELSE state END
$$;

-- The state of a letter without regard to time; of a bounced one with the cause, which tells whose fault it is.
CREATE FUNCTION letter_class(state text, fate text, cause text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN state <> 'sent' OR fate IS NULL THEN state
        WHEN fate = 'bounced' AND cause IS NOT NULL THEN 'bounced:' || cause
        ELSE fate END
$$;

-- What a user is, a digit each: role, membership, invited as staff, invited as a customer.
CREATE FUNCTION user_ties(role boolean, membership boolean, staff boolean, customer boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT role::integer::text || membership::integer::text || staff::integer::text || customer::integer::text
$$;

-- The concatenations leave only the index of users: the partial index of pending invitations has all of them.
-- Reads anew what a user is. Callers have locked the user's row, as each change of what this reads does.
CREATE FUNCTION users_refresh_ties(person text) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    is_role boolean;
    is_member boolean;
    is_staff boolean;
    is_customer boolean;
BEGIN
    PERFORM FROM users WHERE id = person FOR NO KEY UPDATE;
    SELECT EXISTS (SELECT FROM user_roles r WHERE r.user_id = u.id),
        EXISTS (SELECT FROM memberships m WHERE m.user_id = u.id
            AND (u.address_proven_at IS NULL OR m.created_at >= u.address_proven_at)),
        EXISTS (SELECT FROM invitations i WHERE i.user_id = u.id AND i.state || '' = 'pending' AND i.kind || '' = 'system_user'),
        EXISTS (SELECT FROM invitations i WHERE i.user_id = u.id AND i.state || '' = 'pending' AND i.kind <> 'system_user')
        INTO is_role, is_member, is_staff, is_customer FROM users u WHERE u.id = person;
    UPDATE users SET has_role = is_role, has_membership = is_member, invited_as_staff = is_staff,
            invited_as_customer = is_customer
        WHERE id = person AND (has_role, has_membership, invited_as_staff, invited_as_customer)
            IS DISTINCT FROM (is_role, is_member, is_staff, is_customer);
END
$$;

-- Invitations. Most updates change no number, so that they have a trigger for each row, behind a condition: a
-- trigger for each statement would copy every row that the sending of letters changes. No list of columns, since
-- `lapsed` is also changed by a trigger.

CREATE FUNCTION invitations_inserted() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO row_counts AS c (subject, kind, state, slot, n)
        SELECT 'invitations', g.kind, g.class, row_counts_slot(), g.n
        FROM (SELECT kind, invitation_class(state, lapsed) AS class, count(*) AS n FROM new_rows GROUP BY 1, 2) g
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = c.n + excluded.n;
    -- A user who is inserted for an invitation has the mark already.
    PERFORM users_refresh_ties(unmarked.user_id) FROM (
        SELECT DISTINCT n.user_id FROM new_rows n WHERE n.state = 'pending' AND NOT (
            SELECT CASE n.kind WHEN 'system_user' THEN u.invited_as_staff ELSE u.invited_as_customer END
            FROM users u WHERE u.id = n.user_id)
    ) unmarked;
    RETURN NULL;
END
$$;
CREATE TRIGGER invitations_inserted AFTER INSERT ON invitations REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION invitations_inserted();

CREATE FUNCTION invitations_updated() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    letter record;
BEGIN
    IF (OLD.kind, OLD.state, OLD.lapsed) IS DISTINCT FROM (NEW.kind, NEW.state, NEW.lapsed) THEN
        PERFORM row_counts_add('invitations', OLD.kind, invitation_class(OLD.state, OLD.lapsed), -1);
        PERFORM row_counts_add('invitations', NEW.kind, invitation_class(NEW.state, NEW.lapsed), 1);
    END IF;
    -- Another letter is the newest one.
    IF (OLD.kind, OLD.generation) IS DISTINCT FROM (NEW.kind, NEW.generation) THEN
        FOR letter IN SELECT l.generation, letter_class(l.state, l.fate, l.cause) AS class FROM letters l
            WHERE l.invitation_id = NEW.id AND l.generation IN (OLD.generation, NEW.generation)
            AND l.kind = 'invitation'
        LOOP
            IF letter.generation = OLD.generation THEN
                PERFORM row_counts_add('deliveries', OLD.kind, letter.class, -1);
            END IF;
            IF letter.generation = NEW.generation THEN
                PERFORM row_counts_add('deliveries', NEW.kind, letter.class, 1);
            END IF;
        END LOOP;
    END IF;
    IF (OLD.kind, OLD.state, OLD.user_id) IS DISTINCT FROM (NEW.kind, NEW.state, NEW.user_id) THEN
        PERFORM users_refresh_ties(OLD.user_id);
        IF NEW.user_id <> OLD.user_id THEN
            PERFORM users_refresh_ties(NEW.user_id);
        END IF;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER invitations_updated AFTER UPDATE ON invitations FOR EACH ROW
    WHEN ((OLD.kind, OLD.state, OLD.lapsed, OLD.generation, OLD.user_id)
        IS DISTINCT FROM (NEW.kind, NEW.state, NEW.lapsed, NEW.generation, NEW.user_id))
    EXECUTE FUNCTION invitations_updated();

CREATE FUNCTION invitations_deleted() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO row_counts AS c (subject, kind, state, slot, n)
        SELECT 'invitations', g.kind, g.class, row_counts_slot(), -g.n
        FROM (SELECT kind, invitation_class(state, lapsed) AS class, count(*) AS n FROM old_rows GROUP BY 1, 2) g
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = c.n + excluded.n;
    PERFORM users_refresh_ties(p.user_id) FROM (SELECT DISTINCT user_id FROM old_rows WHERE state = 'pending') p;
    RETURN NULL;
END
$$;
CREATE TRIGGER invitations_deleted AFTER DELETE ON invitations REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION invitations_deleted();

-- Letters, of which the newest of each invitation is counted. The invitation's kind is read by its key for each
-- letter that changes a number, in a subquery: a join could be planned the other way round while the table is empty.

CREATE FUNCTION letters_inserted() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO row_counts AS c (subject, kind, state, slot, n)
        SELECT 'deliveries', g.of_kind, g.class, row_counts_slot(), g.n
        FROM (
            SELECT l.of_kind, l.class, count(*) AS n
            FROM (
                SELECT letter_class(n.state, n.fate, n.cause) AS class, (SELECT i.kind FROM invitations i
                    WHERE i.id = n.invitation_id AND i.generation = n.generation) AS of_kind
                FROM new_rows n WHERE n.kind = 'invitation'
            ) l
            WHERE l.of_kind IS NOT NULL GROUP BY 1, 2
        ) g
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = c.n + excluded.n;
    RETURN NULL;
END
$$;
CREATE TRIGGER letters_inserted AFTER INSERT ON letters REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION letters_inserted();

CREATE FUNCTION letters_updated() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO row_counts AS c (subject, kind, state, slot, n)
        SELECT 'deliveries', g.of_kind, g.class, row_counts_slot(), g.n
        FROM (
            SELECT l.of_kind, moved.class, sum(moved.n) AS n
            FROM (
                SELECT d.was, d.is_now, (SELECT i.kind FROM invitations i
                    WHERE i.id = d.invitation_id AND i.generation = d.generation) AS of_kind
                FROM (
                    -- One letter each. No join: its plan would be that of the first statement's number of rows.
                    SELECT b.invitation_id, b.generation, max(b.was) AS was, max(b.is_now) AS is_now
                    FROM (
                        SELECT invitation_id, generation, NULL AS was, letter_class(state, fate, cause) AS is_now
                            FROM new_rows WHERE kind = 'invitation'
                        UNION ALL
                        SELECT invitation_id, generation, letter_class(state, fate, cause), NULL
                            FROM old_rows WHERE kind = 'invitation'
                    ) b
                    GROUP BY 1, 2 HAVING max(b.was) <> max(b.is_now)
                ) d
                -- Keeps the planner from reading the invitation once for each of the two numbers.
                OFFSET 0
            ) l
            CROSS JOIN LATERAL (VALUES (l.was, -1), (l.is_now, 1)) moved (class, n)
            WHERE l.of_kind IS NOT NULL GROUP BY 1, 2 HAVING sum(moved.n) <> 0
        ) g
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = c.n + excluded.n;
    RETURN NULL;
END
$$;
CREATE TRIGGER letters_updated AFTER UPDATE ON letters REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION letters_updated();

CREATE FUNCTION letters_deleted() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO row_counts AS c (subject, kind, state, slot, n)
        SELECT 'deliveries', g.of_kind, g.class, row_counts_slot(), -g.n
        FROM (
            SELECT l.of_kind, l.class, count(*) AS n
            FROM (
                SELECT letter_class(o.state, o.fate, o.cause) AS class, (SELECT i.kind FROM invitations i
                    WHERE i.id = o.invitation_id AND i.generation = o.generation) AS of_kind
                FROM old_rows o WHERE o.kind = 'invitation'
            ) l
            WHERE l.of_kind IS NOT NULL GROUP BY 1, 2
        ) g
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = c.n + excluded.n;
    RETURN NULL;
END
$$;
CREATE TRIGGER letters_deleted AFTER DELETE ON letters REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION letters_deleted();

-- Users who were not removed, by what they are and by status.

CREATE FUNCTION users_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO row_counts AS c (subject, kind, state, slot, n)
        SELECT 'users', g.ties, g.status, row_counts_slot(), g.n
        FROM (
            SELECT user_ties(has_role, has_membership, invited_as_staff, invited_as_customer) AS ties, status,
                count(*) AS n
            FROM new_rows WHERE removed_at IS NULL GROUP BY 1, 2
        ) g
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = c.n + excluded.n;
    RETURN NULL;
END
$$;
CREATE TRIGGER users_inserted AFTER INSERT ON users REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION users_inserted();

CREATE FUNCTION users_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.removed_at IS NULL THEN
        PERFORM row_counts_add('users',
            user_ties(OLD.has_role, OLD.has_membership, OLD.invited_as_staff, OLD.invited_as_customer),
            OLD.status, -1);
    END IF;
    IF NEW.removed_at IS NULL THEN
        PERFORM row_counts_add('users',
            user_ties(NEW.has_role, NEW.has_membership, NEW.invited_as_staff, NEW.invited_as_customer),
            NEW.status, 1);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER users_updated AFTER UPDATE ON users FOR EACH ROW
    WHEN ((OLD.status, OLD.removed_at IS NULL, OLD.has_role, OLD.has_membership, OLD.invited_as_staff,
            OLD.invited_as_customer)
        IS DISTINCT FROM (NEW.status, NEW.removed_at IS NULL, NEW.has_role, NEW.has_membership,
            NEW.invited_as_staff, NEW.invited_as_customer))
    EXECUTE FUNCTION users_updated();

CREATE FUNCTION users_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO row_counts AS c (subject, kind, state, slot, n)
        SELECT 'users', g.ties, g.status, row_counts_slot(), -g.n
        FROM (
            SELECT user_ties(has_role, has_membership, invited_as_staff, invited_as_customer) AS ties, status,
                count(*) AS n
            FROM old_rows WHERE removed_at IS NULL GROUP BY 1, 2
        ) g
        ON CONFLICT (subject, kind, state, slot) DO UPDATE SET n = c.n + excluded.n;
    RETURN NULL;
END
$$;
CREATE TRIGGER users_deleted AFTER DELETE ON users REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION users_deleted();

-- What else decides what a user is: roles, memberships, and since when the address is proven.

CREATE FUNCTION ties_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM users_refresh_ties(OLD.user_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM users_refresh_ties(NEW.user_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER user_roles_changed AFTER INSERT OR UPDATE OR DELETE ON user_roles
    FOR EACH ROW EXECUTE FUNCTION ties_changed();
CREATE TRIGGER memberships_changed AFTER INSERT OR UPDATE OR DELETE ON memberships
    FOR EACH ROW EXECUTE FUNCTION ties_changed();

CREATE FUNCTION users_proven() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM users_refresh_ties(NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER users_proven AFTER UPDATE OF address_proven_at ON users FOR EACH ROW
    WHEN (OLD.address_proven_at IS DISTINCT FROM NEW.address_proven_at)
    EXECUTE FUNCTION users_proven();

-- Counts all rows anew: after this migration, and after rows were loaded while triggers were disabled.
CREATE FUNCTION row_counts_rebuild() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE users, user_roles, memberships, invitations, letters, row_counts IN SHARE ROW EXCLUSIVE MODE;
    UPDATE users SET has_role = t.has_role, has_membership = t.has_membership, invited_as_staff = t.invited_as_staff,
            invited_as_customer = t.invited_as_customer
        FROM (
            SELECT u.id, r.user_id IS NOT NULL AS has_role, m.user_id IS NOT NULL AS has_membership,
                coalesce(i.as_staff, FALSE) AS invited_as_staff, coalesce(i.as_customer, FALSE) AS invited_as_customer
            FROM users u
            LEFT JOIN (SELECT DISTINCT user_id FROM user_roles) r ON r.user_id = u.id
            LEFT JOIN (
                SELECT DISTINCT m.user_id FROM memberships m JOIN users p ON p.id = m.user_id
                WHERE p.address_proven_at IS NULL OR m.created_at >= p.address_proven_at
            ) m ON m.user_id = u.id
            LEFT JOIN (
                SELECT user_id, bool_or(kind = 'system_user') AS as_staff, bool_or(kind <> 'system_user') AS as_customer
                FROM invitations WHERE state = 'pending' GROUP BY user_id
            ) i ON i.user_id = u.id
        ) t
        WHERE t.id = users.id
            AND (users.has_role, users.has_membership, users.invited_as_staff, users.invited_as_customer)
            IS DISTINCT FROM (t.has_role, t.has_membership, t.invited_as_staff, t.invited_as_customer);
    DELETE FROM row_counts;
    INSERT INTO row_counts (subject, kind, state, slot, n)
        SELECT 'invitations', kind, invitation_class(state, lapsed), 0, count(*) FROM invitations GROUP BY 2, 3
        UNION ALL
        SELECT 'deliveries', i.kind, letter_class(l.state, l.fate, l.cause), 0, count(*)
            FROM letters l JOIN invitations i ON i.id = l.invitation_id AND i.generation = l.generation
            WHERE l.kind = 'invitation' GROUP BY 2, 3
        UNION ALL
        SELECT 'users', user_ties(has_role, has_membership, invited_as_staff, invited_as_customer), status, 0, count(*)
            FROM users WHERE removed_at IS NULL GROUP BY 2, 3;
END
$$;
SELECT row_counts_rebuild();
