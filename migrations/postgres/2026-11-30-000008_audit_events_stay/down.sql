-- What was deleted is not known any more.
SELECT 1;
