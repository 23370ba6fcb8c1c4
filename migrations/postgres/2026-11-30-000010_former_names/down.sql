ALTER TABLE accounts DROP COLUMN has_former_name;
