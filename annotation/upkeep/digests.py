"""What tables hold, as one number each: equal before a backup and after it was brought back."""

from dataclasses import dataclass

from django.db import connection

_OF_ROW = "('x' || substr(encode(sha256(convert_to(t::text, 'UTF8')), 'hex'), 1, 15))::bit(60)::bigint"


@dataclass(frozen=True)
class Digest:
    """Rows of a table, and the sum of 60 bits of each row's SHA-256 (of its text), whatever their order."""

    rows: int
    sum: str


def tables() -> list[str]:
    """Names of all tables of the database's public schema."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        return [name for (name,) in cursor.fetchall()]


def table_digests() -> dict[str, Digest]:
    """Every table's digest, in one pass over each, by the database."""
    found = {}
    with connection.cursor() as cursor:
        for name in tables():
            cursor.execute(
                f"SELECT count(*), coalesce(sum({_OF_ROW}), 0)::text FROM {connection.ops.quote_name(name)} t"  # noqa: S608 - a name of the database's own
            )
            rows, total = cursor.fetchone()
            found[name] = Digest(rows, total)
    return found
