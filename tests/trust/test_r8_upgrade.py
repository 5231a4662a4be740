"""R8: an older database becomes today's with all it holds; a migration can be undone or says why not."""

import uuid
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tests.trust.databases import empty_database
from tests.trust.figures import record

APP = "annotation"
BEFORE = "0032_composition"
"""The last migration of version 0.1.0; the next release's test begins from its own."""
IRREVERSIBLE: dict[str, str] = {}
"""Migrations that cannot be undone, and why."""


def test_every_migration_can_be_undone_or_says_why() -> None:
    stuck = {
        name
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        if app == APP and not all(operation.reversible for operation in migration.operations)
    }
    assert stuck == set(IRREVERSIBLE), "write a way back, or say in IRREVERSIBLE why there is none"


def older_rows() -> None:
    """A project with a scan, its delineation and a reader's save, by the tables of then."""
    apps = MigrationLoader(connection).project_state((APP, BEFORE)).apps
    of = {model.__name__: model._default_manager for model in apps.get_models()}
    user = of["User"].create(username="ana")
    project = of["Project"].create(name="Old")
    schema = of["LabelSchema"].create(project=project)
    structure = of["Structure"].create(key="liver", name="liver", colour="#28a080")
    of["SchemaStructure"].create(schema=schema, structure=structure, value=1)
    of["Membership"].create(project=project, user=user, role="annotator")
    volume = of["Volume"].create(
        store_key="volumes/old.zarr",
        shape=[40, 36, 34],
        spacing_mm=[1.0, 1.0, 2.0],
        origin_lps=[0.0, 0.0, 0.0],
        direction=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        content_sha256="0" * 64,
    )
    case = of["Case"].create(
        project=project, volume=volume, number=1, name="old", patient_key="p", state="ready"
    )
    of["Part"].create(case=case, state="ready")
    mask = of["Mask"].create(case=case, kind="reader", author=user, head=1, annotated=["liver"])
    of["Revision"].create(
        mask=mask, number=1, kind="autosave", key=uuid.uuid4(), author=user, sha256="1" * 64
    )
    of["MaskChunk"].create(mask=mask, layer=0, chunk_index=0, revision=1, data=b"chunk")
    of["LearningPolicy"].create(project=project, unit="slab", slab_mm=30.0, control_share=0.0)


def columns() -> dict[str, list[str]]:
    """Of every table of the app."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name LIKE 'annotation\\_%' ORDER BY 1, 2"
        )
        found: dict[str, list[str]] = {}
        for table, column in cursor.fetchall():
            found.setdefault(table, []).append(column)
        return found


RULES = """
    SELECT 'column', table_name || '.' || column_name,
           concat_ws(' ', data_type, is_nullable, column_default)
      FROM information_schema.columns WHERE table_schema = 'public' AND table_name LIKE 'annotation\\_%'
    UNION ALL
    SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE contype <> 'n' AND conrelid::regclass::text LIKE 'annotation\\_%'
    UNION ALL
    SELECT 'index', indexname, indexdef
      FROM pg_indexes WHERE schemaname = 'public' AND tablename LIKE 'annotation\\_%'
    UNION ALL
    SELECT 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid)
      FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'annotation\\_%'
"""


def rules() -> dict[tuple[str, str], str]:
    """Columns, constraints, indexes and triggers of the app's tables, as Postgres says them.

    NOT NULL stands with the columns; Postgres names it after what a column was called first.
    """
    with connection.cursor() as cursor:
        cursor.execute(RULES)
        return {(kind, name): said for kind, name, said in cursor.fetchall()}


def rows(of: dict[str, list[str]]) -> dict[str, list[Any]]:
    found = {}
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table, names in of.items():
            listed = ", ".join(f"{quote(name)}::text" for name in names)
            cursor.execute(f"SELECT {listed} FROM {quote(table)} ORDER BY 1")  # noqa: S608 - names of the database
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def use_what_is_new() -> None:
    """A policy that asks for what the older version does not know."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE annotation_learningpolicy SET unit = 'cube'")
        assert cursor.rowcount == 1


def without_history(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """What was changed and taken back is in the policy's history."""
    return {table: held for table, held in found.items() if table != "annotation_learningpolicyevent"}


def without_policy(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Everything but what a migration changes in rows: a control that was switched off is switched on."""
    changed = ("annotation_learningpolicy", "annotation_learningpolicyevent")
    return {table: held for table, held in found.items() if table not in changed}


def control_share() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT control_share FROM annotation_learningpolicy")
        return float(cursor.fetchone()[0])


def migrate(*to: str) -> None:
    call_command("migrate", *to, verbosity=0, interactive=False)


@pytest.mark.torture
@pytest.mark.timeout(3600)
@pytest.mark.django_db(transaction=True)
def test_an_older_database_becomes_todays_and_goes_back() -> None:
    with empty_database():
        migrate(APP, BEFORE)
        older_rows()
        known, ruled = columns(), rules()
        before = rows(known)
        filled = sum(1 for held in before.values() if held)
        migrate()
        today = rows(known)
        assert without_policy(today) == without_policy(before)
        assert control_share() == 0.05
        head = rules()
        use_what_is_new()
        migrate(APP, BEFORE)
        assert rules() == ruled
        assert without_history(rows(known)) == without_history(today)
        migrate(APP, "zero")
        assert rules() == {}
        migrate()
        assert rules() == head
    made = f"{len(head)} columns, constraints, indexes and triggers made twice alike"
    record(
        "R8",
        "a database of version 0.1.0 with rows: to today, back, to nothing, and to today again",
        f"{filled} tables with rows kept; {made}",
        met=filled >= 10,
    )
