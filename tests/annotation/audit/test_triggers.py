"""Writes: every table that hangs on a case has a trigger, or a reason why not."""

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, models

from annotation import corrections
from annotation.models import Action, Assignment, Case, Membership, Project, Role, Volume
from tests.annotation.api.conftest import Browser
from tests.annotation.audit.conftest import Rows
from tests.annotation.factories import make_model, make_read, stroke

# What is worked out from rows that are noted, or belongs to one: the reason stands beside it.
NOT_NOTED = {
    "AgreementScore": "worked out from revisions",
    "Acquisition": "worked out by a job",
    "CaseSummary": "worked out from revisions",
    "DeletedItem": "written with a deletion, which is noted by itself",
    "DriftAlarm": "worked out from reads",
    "EditEvent": "belongs to a revision",
    "Looked": "belongs to a read, every few seconds",
    "MaskChunk": "belongs to a revision",
    "ModelScore": "worked out from revisions",
    "OriginalUids": "written with its volume, never again",
    "ReaderRate": "worked out from reads",
    "ReadingSession": "belongs to a read; its beats are no writes of a case",
    "ReadSummary": "worked out from reads",
    "ScanCopy": "worked out from volumes",
    "ScanFeatures": "worked out from volumes",
    "ScoreCells": "worked out from predictions",
    "ShownStructures": "worked out from revisions",
    "SignatureWord": "worked out from volumes",
    "SnapshotItem": "belongs to a snapshot, which is never changed",
    "SurfaceSpread": "belongs to a score",
    "VolumeSignature": "worked out from volumes",
}


def _hangs_on_a_case(model: type[models.Model], seen: frozenset[type[models.Model]] = frozenset()) -> bool:
    """Whether foreign keys that must not dangle lead to a case or a volume."""
    if model in (Case, Volume):
        return True
    owners = [
        field.related_model
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is models.CASCADE
    ]
    return any(
        isinstance(owner, type) and owner not in seen and _hangs_on_a_case(owner, seen | {model})
        for owner in owners
    )


def test_every_table_of_a_case_has_a_trigger_or_a_reason(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'audit_%'")
        noted = {table for (table,) in cursor.fetchall()}
    every = [model for model in apps.get_app_config("annotation").get_models() if _hangs_on_a_case(model)]
    tables = {model.__name__: model._meta.db_table for model in every if not hasattr(model, "pgh_obj_id")}
    tables = {
        name: table for name, table in tables.items() if not name.endswith("Event") or name == "EditEvent"
    }
    missing = {name for name, table in tables.items() if table not in noted}
    assert missing - NOT_NOTED.keys() == set(), "give the table a trigger in a migration, or a reason here"
    assert {name for name in NOT_NOTED if tables.get(name) in noted} == set()
    assert len(noted) >= 30


@pytest.fixture
def read(ana: User, project: Project) -> Assignment:
    make_model(project)
    return make_read(ana, project)


def test_a_saved_stroke_is_one_row(read: Assignment, rows: Rows) -> None:
    stroke(read)
    (row,) = rows(noun="revision")
    assert (row.action, row.project, row.case) == (Action.CREATE, read.case.project_id, read.case_id)
    assert rows(noun="mask", action=Action.CHANGE) == []


def test_a_write_says_who_and_from_where(lea: User, project: Project, rows: Rows) -> None:
    ben = Membership.objects.get(project=project, user__username="ben")
    answer = Browser(lea).patch(f"/api/projects/{project.pk}/members/{ben.pk}/", {"role": Role.REVIEWER})
    assert answer.status_code == 200
    (row,) = rows(noun="membership")
    assert (row.actor, row.address, row.action) == (lea.pk, "127.0.0.1", Action.CHANGE)
    assert (row.project, row.object, row.detail) == (project.pk, str(ben.pk), {"columns": ["role"]})
    (seen,) = rows(noun="project", action=Action.READ)
    assert row.request == seen.request


def test_what_bypasses_the_models_is_noted_too(read: Assignment, rows: Rows) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE annotation_case SET name = 'Case 900' WHERE id = %s", [read.case_id])
    (row,) = rows(noun="case")
    assert (row.action, row.detail, row.actor) == (Action.CHANGE, {"columns": ["name"]}, None)


def test_the_beats_of_a_read_are_no_rows(read: Assignment, rows: Rows) -> None:
    session = corrections.start_session(assignment=read)
    corrections.ping(session=session, visible=True)
    Assignment.objects.filter(pk=read.pk).update(active_seconds=5)
    assert rows() == []


def test_a_new_password_is_noted_without_it(ana: User, rows: Rows) -> None:
    ana.set_password("correct horse battery")
    ana.save()
    (row,) = rows(noun="account")
    assert row.detail == {"columns": ["password"]}


def test_a_deleted_case_leaves_rows(read: Assignment, rows: Rows) -> None:
    case = read.case_id
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM annotation_release WHERE case_id = %s", [case])
        cursor.execute(
            "INSERT INTO annotation_measurement (assignment_id, key, kind, plane, points_lps, tilt_deg,"
            " label, created_at, updated_at) VALUES (%s, gen_random_uuid(), 'length', 'axial',"
            " '{0,0,0,1,1,1}', '{0,0,0}', '', now(), now())",
            [read.pk],
        )
        cursor.execute("DELETE FROM annotation_measurement WHERE assignment_id = %s", [read.pk])
    actions = [(row.action, row.noun, row.case) for row in rows()]
    assert actions == [("create", "measurement", case), ("delete", "measurement", case)]
