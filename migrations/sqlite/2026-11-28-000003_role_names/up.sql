-- Which roles there are is said once, by the program (src/domain/role.rs): a list of its own here refused
-- each new one at the activation of whoever was first given it. The same as in ../../postgres. SQLite changes
-- no constraint in place: the table is made anew.
CREATE TABLE user_roles_new (
    user_id TEXT NOT NULL REFERENCES users (id),
    role    TEXT NOT NULL,
    PRIMARY KEY (user_id, role)
) STRICT;
INSERT INTO user_roles_new (user_id, role) SELECT user_id, role FROM user_roles;
DROP TABLE user_roles;
ALTER TABLE user_roles_new RENAME TO user_roles;
