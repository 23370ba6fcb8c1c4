DROP TRIGGER invitations_forget_former_address ON invitations;
DROP FUNCTION invitations_forget_former_address();
CREATE OR REPLACE FUNCTION users_keep_former_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO former_addresses (user_id, email_key, search_text)
        VALUES (OLD.id, OLD.email_key, OLD.search_text) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
