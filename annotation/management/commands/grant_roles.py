"""Let a database role run the product that does not own its tables: it adds to the audit and no more."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from psycopg2 import sql

from annotation.models import AuditEvent, AuditLink

_ALL = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
)
_APPEND_ONLY = "REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON {table} FROM {role}"
_READ_ONLY = "REVOKE INSERT, UPDATE, DELETE ON {table} FROM {role}"


class Command(BaseCommand):
    help = "Give a role what the product needs at run time. Run it as the owner, after every migrate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--app", required=True, help="The role that web, workers and beat sign in as.")

    def handle(self, *args: Any, **options: Any) -> None:
        role = options["app"]
        with transaction.atomic(), connection.cursor() as cursor:
            self._require_plain(cursor, role)
            for command in _ALL:
                cursor.execute(sql.SQL(command).format(role=sql.Identifier(role)))
            for command, tables in (
                (_APPEND_ONLY, (AuditEvent._meta.db_table, AuditLink._meta.db_table)),
                (_READ_ONLY, ("django_migrations",)),
            ):
                for table in tables:
                    names = {"table": sql.Identifier(table), "role": sql.Identifier(role)}
                    cursor.execute(sql.SQL(command).format(**names))
        self.stdout.write(f"{role} may run the product; the audit it may only read and add to.")

    def _require_plain(self, cursor: Any, role: str) -> None:
        """Owners and superusers may do all, whatever is granted."""
        cursor.execute("SELECT rolsuper, current_user = rolname FROM pg_roles WHERE rolname = %s", [role])
        row = cursor.fetchone()
        if row is None:
            raise CommandError(f"There is no role {role}. Make it: CREATE ROLE {role} LOGIN PASSWORD '…'.")
        if row[0] or row[1]:
            raise CommandError(f"{role} is a superuser or the owner: nothing can be kept from it.")
