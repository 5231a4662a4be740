#!/bin/sh
# Run once by the image of Postgres, when its folder is empty: the role that the product works as. It owns nothing;
# what it may do is given to it by `manage.py grant_roles`, after every migration.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set password="$APP_PASSWORD" <<'SQL'
CREATE ROLE delineate LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
GRANT CONNECT ON DATABASE delineate TO delineate;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
SQL
