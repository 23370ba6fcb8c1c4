-- Which roles there are is said once, by the program (src/domain/role.rs): a list of its own here refused
-- each new one at the activation of whoever was first given it. The same as in ../../sqlite.
ALTER TABLE user_roles DROP CONSTRAINT user_roles_known;
