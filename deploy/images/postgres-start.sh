#!/bin/sh
# Make the database cluster that the environment describes, once, and serve it.
set -eu

data=$PGDATA/cluster
if [ ! -s "$data/PG_VERSION" ]; then
    : "${POSTGRES_PASSWORD:?is not set}"
    secret=$(mktemp)
    printf '%s' "$POSTGRES_PASSWORD" >"$secret"
    initdb --pgdata "$data" --username "$POSTGRES_USER" --pwfile "$secret" \
        --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 >/dev/null
    rm "$secret"
    echo "host all all all scram-sha-256" >>"$data/pg_hba.conf"
    pg_ctl --pgdata "$data" --wait --options "-c listen_addresses='' -k /tmp" start >/dev/null
    PGPASSWORD=$POSTGRES_PASSWORD createdb --host /tmp --username "$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl --pgdata "$data" --wait --mode fast stop >/dev/null
fi
exec postgres -D "$data" -c listen_addresses='*' -k /tmp -p "${PGPORT:-5432}"
