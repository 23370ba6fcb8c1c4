DROP INDEX users_removed_email;
