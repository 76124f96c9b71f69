#!/usr/bin/env bash
# Run once by the postgres image on an empty volume: the role that the web and the worker connect as.
set -euo pipefail
psql --no-psqlrc --set ON_ERROR_STOP=1 --set password="$HUIZONG_APP_PASSWORD" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE huizong_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'password';
SQL
