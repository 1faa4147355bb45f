#!/bin/bash
# The database's users, made once by the image when the data folder is empty: one for the service, one for whoever
# only reads. What their roles may do is granted by the migration job (resources/roles.py).
set -eu
secrets="${SECRETS:-/run/secrets}"
# Made only where they are not there yet: roles belong to the server, not to a database.
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set=service="$(cat "$secrets/service_password")" --set=reader="$(cat "$secrets/reader_password")" <<'SQL'
SELECT format('CREATE ROLE %I NOLOGIN', role) FROM (VALUES ('credit_service'), ('credit_reader')) AS roles (role)
WHERE to_regrole(role) IS NULL \gexec
CREATE USER credit_scoring LOGIN PASSWORD :'service' IN ROLE credit_service;
-- pg_monitor: sizes and activity of the whole server, for the exporter; no table beyond the role's own.
CREATE USER credit_dashboard LOGIN PASSWORD :'reader' IN ROLE credit_reader, pg_monitor;
SQL
