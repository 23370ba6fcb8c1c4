-- The text that is searched stays as it is: nothing depends on its older form.
SELECT 1;
