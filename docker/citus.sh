#!/usr/bin/env bash
# Run once by the citus image on an empty volume, on every node: how it signs in to the others, and on the coordinator
# which they are. Citus works on the workers as whoever asks, hence both passwords.
set -euo pipefail
(umask 077 && printf '*:*:*:%s:%s\n' \
    "$POSTGRES_USER" "$POSTGRES_PASSWORD" huizong_app "$HUIZONG_APP_PASSWORD" >"$PGPASSFILE")
citus() {
    psql --no-psqlrc --set ON_ERROR_STOP=1 --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --command "$1"
}
if [ -n "${CITUS_WORKERS:-}" ]; then
    citus "SELECT citus_set_coordinator_host('postgres')"
    for worker in $CITUS_WORKERS; do
        citus "SELECT citus_add_node('$worker', 5432)"
    done
fi
