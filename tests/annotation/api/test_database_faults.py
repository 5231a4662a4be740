"""What the database complains of, as an answer: nobody there, no room, or a fault of ours."""

import pytest
from django.db import DatabaseError, connection, transaction

from annotation.api.errors import DATABASE_DOWN, handle
from annotation.store import faults

pytestmark = pytest.mark.django_db

COMPLAIN = "DO $$ BEGIN RAISE 'complaint' USING ERRCODE = current_setting('delineate.code'); END $$"


def answered(error: DatabaseError) -> tuple[int, str] | None:
    """Status and sentence; None: it becomes a 500 with a trace in the log."""
    answer = handle(error, {})
    return None if answer is None else (answer.status_code, answer.data["detail"])


def complaint(code: str) -> DatabaseError:
    """What Postgres says with this SQLSTATE."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('delineate.code', %s, true)", [code])
        with pytest.raises(DatabaseError) as told, transaction.atomic():
            cursor.execute(COMPLAIN)
    return told.value


@pytest.mark.parametrize("code", ["08006", "53300", "57P01", "57P03", "57014"])
def test_a_database_that_is_away_is_503(code: str) -> None:
    assert answered(complaint(code)) == (503, DATABASE_DOWN)


@pytest.mark.parametrize("code", ["53100", "53200", "58030"])
def test_one_without_room_is_507(code: str) -> None:
    assert answered(complaint(code)) == (507, faults.FULL)


@pytest.mark.parametrize("code", ["40P01", "40001", "55P03", "42P01", "22012"])
def test_a_deadlock_or_a_wrong_statement_is_no_excuse(code: str) -> None:
    assert answered(complaint(code)) is None


def test_nobody_at_its_address_is_503() -> None:
    nowhere = connection.copy()
    nowhere.settings_dict = {**connection.settings_dict, "PORT": 1}
    with pytest.raises(DatabaseError) as told:
        nowhere.cursor()
    assert answered(told.value) == (503, DATABASE_DOWN)
