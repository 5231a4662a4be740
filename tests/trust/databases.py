"""Other databases beside the tests' own, in the same Postgres or in one of their own."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from django.db import connection


@contextmanager
def empty_database(address: dict[str, Any] | None = None) -> Iterator[None]:
    """Work on a new, empty database as the product's; `address`: what differs from the tests' server."""
    ours, name = dict(connection.settings_dict), f"empty_{secrets.token_hex(4)}"
    connection.close()
    connection.settings_dict.update(address or {}, NAME=name)
    _on_server(f'CREATE DATABASE "{name}"')
    try:
        yield
    finally:
        connection.close()
        _on_server(f'DROP DATABASE "{name}" WITH (FORCE)')
        connection.settings_dict.update(ours)


def _on_server(statement: str) -> None:
    known = connection.settings_dict
    with closing(
        psycopg2.connect(
            host=known["HOST"],
            port=known["PORT"],
            user=known["USER"],
            password=known["PASSWORD"],
            dbname="postgres",
        )
    ) as server:
        server.autocommit = True
        server.cursor().execute(statement)
