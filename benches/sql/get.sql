-- One of the filled-in invitations, by its id: for pgbench.
\set k random(1, :rows)
SELECT * FROM invitations WHERE id = 'inv_01k0000000e008' || (100000000000 + :k)::text;
