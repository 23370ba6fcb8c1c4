-- A former address is kept while an invitation has it: its search is what it is for.
CREATE OR REPLACE FUNCTION users_keep_former_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO former_addresses (user_id, email_key, search_text)
        SELECT OLD.id, OLD.email_key, OLD.search_text
        WHERE EXISTS (SELECT FROM invitations WHERE user_id = OLD.id AND email_key = OLD.email_key)
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE FUNCTION invitations_forget_former_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM former_addresses WHERE user_id = OLD.user_id AND email_key = OLD.email_key
        AND NOT EXISTS (SELECT FROM invitations i WHERE i.user_id = OLD.user_id AND i.email_key = OLD.email_key);
    RETURN NULL;
END
$$;
CREATE TRIGGER invitations_forget_former_address AFTER DELETE ON invitations
    FOR EACH ROW EXECUTE FUNCTION invitations_forget_former_address();
DELETE FROM former_addresses WHERE NOT EXISTS (SELECT 1 FROM invitations i
    WHERE i.user_id = former_addresses.user_id AND i.email_key = former_addresses.email_key);
