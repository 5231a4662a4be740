"""What there is at all for a reader, asked at once; and queries whose SQL is made once."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotation import worklist
from annotation.models import (
    Assignment,
    AssignmentState,
    CalibrationCase,
    Case,
    Model,
    Project,
    Purpose,
    StartFrom,
)
from annotation.prepared import Prepared
from annotation.worklist.standing import Standing, standing
from tests.annotation.factories import make_case, make_model, make_submitted, stroke

pytestmark = pytest.mark.django_db

NOTHING = dict.fromkeys(("due", "expired", "calibrates", "undrawn", "planned", "is_served"), False)


def told(**there: bool) -> Standing:
    return Standing(**(NOTHING | there))


def test_nothing_in_an_empty_project(ana: User, project: Project, other_project: Project) -> None:
    make_model(other_project)
    CalibrationCase.objects.create(case=make_case(other_project), start_from=StartFrom.SCRATCH)
    assert standing(ana.pk, project) == told()


def test_a_read_is_undrawn_until_the_first_stroke_and_expires_only_so(
    ana: User, ben: User, project: Project
) -> None:
    make_case(project)
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    assert standing(ana.pk, project) == told(undrawn=True)
    assert standing(ben.pk, project) == told()
    Assignment.objects.filter(pk=read.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert standing(ben.pk, project) == told(expired=True)
    stroke(read)
    assert standing(ana.pk, project) == told()


def test_a_read_is_due_once_it_cannot_be_taken_back(ana: User, ben: User, project: Project) -> None:
    make_case(project)
    read = make_submitted(ana, project)
    Assignment.objects.filter(pk=read.pk).update(purpose=Purpose.OVERLAP)
    assert standing(ben.pk, project) == told()
    Assignment.objects.filter(pk=read.pk).update(submitted_at=timezone.now() - timedelta(hours=1))
    assert standing(ben.pk, project) == told(due=True)


def test_planned_reads_calibration_and_models(ana: User, ben: User, project: Project) -> None:
    case = make_case(project)
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    Assignment.objects.filter(pk=read.pk).update(state=AssignmentState.PLANNED)
    CalibrationCase.objects.create(case=case, start_from=StartFrom.SCRATCH)
    make_model(project)
    assert standing(ana.pk, project) == told(planned=True, calibrates=True, is_served=True)
    assert standing(ben.pk, project) == told(calibrates=True, is_served=True)


def test_a_prepared_query_is_asked_with_other_values_each_time(
    project: Project, other_project: Project
) -> None:
    built = []

    def numbered(project: int, least: int) -> QuerySet[Case]:
        built.append(project)
        return Case.objects.filter(Q(project=project) & Q(number__gte=least)).order_by("number")

    prepared = Prepared(Case, numbered, project=int, least=int)
    here, there = [make_case(project) for _ in range(3)], make_case(other_project)
    assert prepared.first(project=project.pk, least=here[1].number) == here[1]
    assert prepared.first(project=other_project.pk, least=1) == there
    assert prepared.first(project=project.pk, least=here[2].number + 1) is None
    assert prepared.all(project=project.pk, least=2) == here[1:]
    assert len(built) == 1


def test_a_prepared_query_answers_with_what_the_plain_one_does(project: Project) -> None:
    plain = Model.objects.get(pk=make_model(project).pk)
    prepared = Prepared(Model, lambda project: Model.objects.filter(project=project), project=int)
    row = prepared.first(project=project.pk)
    assert row is not None
    assert {**vars(row), "_state": None} == {**vars(plain), "_state": None}


def test_a_prepared_query_brings_the_rows_that_it_selects_beside_its_own(
    ana: User, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    case = make_case(project)
    read = worklist.next_case(reader=ana, project=project)
    assert read is not None
    prepared = Prepared(
        Assignment,
        lambda read: Assignment.objects.select_related("case__volume", "mask", "subject").filter(pk=read),
        read=int,
    )
    row = prepared.first(read=read.pk)
    assert row is not None
    with django_assert_num_queries(0):
        assert (row.case, row.mask, row.subject) == (case, read.mask, None)
        assert row.case.volume.shape == case.volume.shape


@pytest.fixture
def of_two() -> Prepared[Case]:
    """One value twice, and a text beside it that looks like a place for one."""
    return Prepared(
        Case,
        lambda project, name: (
            Case.objects.filter(Q(project=project) | Q(project__name="100 %s '<0>' $1"))
            .filter(project=project, name=name)
            .order_by("number")
        ),
        project=int,
        name=str,
    )


def known_to_postgres() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements ORDER BY prepare_time")
        return [name for (name,) in cursor.fetchall()]


def test_a_connection_prepares_a_query_once_and_a_new_one_again(
    project: Project, other_project: Project, of_two: Prepared[Case]
) -> None:
    case, there = make_case(project), make_case(other_project)
    before = known_to_postgres()
    assert of_two.first(project=project.pk, name=case.name) == case
    (name,) = set(known_to_postgres()) - set(before)
    assert of_two.first(project=other_project.pk, name=there.name) == there
    assert of_two.first(project=other_project.pk, name="' OR true --") is None
    assert set(known_to_postgres()) - set(before) == {name}


def test_what_was_prepared_in_a_transaction_outlives_it(project: Project, of_two: Prepared[Case]) -> None:
    case = make_case(project)
    with transaction.atomic():
        assert of_two.first(project=project.pk, name=case.name) == case
        transaction.set_rollback(True)
    assert of_two.first(project=project.pk, name=case.name) == case


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_prepares_anew(project: Project, of_two: Prepared[Case]) -> None:
    case = make_case(project)
    assert of_two.first(project=project.pk, name=case.name) == case
    connection.close()
    assert known_to_postgres() == []
    assert of_two.first(project=project.pk, name=case.name) == case
    assert len(known_to_postgres()) == 1


def test_behind_a_pooler_nothing_is_prepared(
    project: Project, of_two: Prepared[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case(project)
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    before = known_to_postgres()
    assert of_two.first(project=project.pk, name=case.name) == case
    assert of_two.first(project=project.pk, name="another") is None
    assert known_to_postgres() == before
