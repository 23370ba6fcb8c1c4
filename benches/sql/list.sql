-- The newest fifty invitations: for pgbench.
SELECT * FROM invitations ORDER BY id DESC LIMIT 50;
