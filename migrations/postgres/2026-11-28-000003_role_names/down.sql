ALTER TABLE user_roles ADD CONSTRAINT user_roles_known
    CHECK (role IN ('admin', 'user_manager', 'customer_support', 'finance', 'viewer'));
