#!/bin/sh
# Run once, by the image of PostgreSQL, when its volume is new: a role for the service that owns its schema
# and nothing else. The superuser's password stays with the server; the service never has it.
set -eu

: "${SERVICE_DB_PASSWORD:?is the password of the role that the service connects as}"

# psql quotes the values itself (:'name', :"name"): whatever a password holds, it stays a password.
psql --no-psqlrc --set ON_ERROR_STOP=1 --set role="${SERVICE_DB_ROLE:-invitation_service}" --set password="$SERVICE_DB_PASSWORD" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
CREATE SCHEMA invitations AUTHORIZATION :"role";
-- Tables and the list of migrations are made in the first schema of the path, and there is no other.
ALTER ROLE :"role" SET search_path = invitations;
-- Nobody gets what was not granted: not the schema that is there from the beginning, not temporary tables,
-- not a connection.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC; GRANT CONNECT ON DATABASE %I TO %I', current_database(), current_database(), :'role')
\gexec
SQL
