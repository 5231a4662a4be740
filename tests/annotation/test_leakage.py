"""No patient is both learned from and measured on: what the database itself refuses, whoever writes."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from annotation import learning
from annotation.models import Case, DatasetSnapshot, Project, SnapshotItem, SnapshotUse, Split
from tests.annotation.factories import make_case, make_volume
from tests.annotation.learning_loop import accepted

pytestmark = pytest.mark.django_db(transaction=True)

ITEM = """
    INSERT INTO annotation_snapshotitem (snapshot_id, case_id, revision_id, use)
    VALUES (%s, %s, %s, %s)
"""


def raw(sql: str, *parameters: int | str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def scans_of_one_patient(project: Project, *, split: Split = Split.POOL) -> tuple[Case, Case]:
    first, second = accepted(project, split), make_case(project, split=split)
    Case.objects.filter(pk=second.pk).update(patient_key=first.patient_key)
    return first, second


@pytest.mark.parametrize(
    ("split", "use"),
    [
        (split, use)
        for split in Split
        for use in SnapshotUse
        if use != {"pool": "train", "validation": "validation", "test": "test"}[split]
    ],
)
def test_a_case_is_used_as_its_split_says_and_not_otherwise(
    project: Project, split: Split, use: SnapshotUse
) -> None:
    case = accepted(project, split)
    snapshot = DatasetSnapshot.objects.create(project=project)
    with pytest.raises(IntegrityError, match=f"in the split {split}; a snapshot cannot use it"):
        SnapshotItem.objects.create(
            snapshot=snapshot, case=case, revision_id=case.accepted_revision_id or 0, use=use
        )
    with pytest.raises(IntegrityError, match=f"in the split {split}; a snapshot cannot use it"):
        raw(ITEM, snapshot.pk, case.pk, case.accepted_revision_id, use)
    assert not SnapshotItem.objects.exists()


def test_the_use_of_an_item_never_changes(project: Project) -> None:
    accepted(project)
    run = learning.request_run(project=project, requested_by=None)
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        raw("UPDATE annotation_snapshotitem SET use = 'test'")
    assert [item.use for item in run.snapshot.items.all()] == ["train"]


@pytest.mark.parametrize(
    "change",
    ["split = 'test'", "split = 'validation'", "patient_key = 'somebody else'"],
)
def test_a_case_of_a_frozen_set_keeps_split_and_patient(project: Project, change: str) -> None:
    case = accepted(project)
    learning.request_run(project=project, requested_by=None)
    with pytest.raises(IntegrityError, match="in a frozen training set"):
        raw(f"UPDATE annotation_case SET {change} WHERE id = %s", case.pk)  # noqa: S608 - written above
    case.split = Split.TEST
    with pytest.raises(IntegrityError, match="in a frozen training set"):
        case.save()
    raw("UPDATE annotation_case SET name = 'renamed', split = 'pool' WHERE id = %s", case.pk)
    case.refresh_from_db()
    assert (case.name, case.split) == ("renamed", Split.POOL)


def test_a_patient_has_one_split_in_a_project(project: Project, other_project: Project) -> None:
    first, second = scans_of_one_patient(project)
    with pytest.raises(IntegrityError, match="has scans in another split"):
        raw("UPDATE annotation_case SET split = 'test' WHERE id = %s", second.pk)
    third = make_case(project, split=Split.TEST)
    with pytest.raises(IntegrityError, match="has scans in another split"):
        Case.objects.filter(pk=third.pk).update(patient_key=first.patient_key)
    elsewhere = make_case(other_project, split=Split.TEST)
    Case.objects.filter(pk=elsewhere.pk).update(patient_key=first.patient_key)
    # All of the patient's scans together may go where they like, as long as no training set names one.
    raw("UPDATE annotation_case SET split = 'test' WHERE patient_key = %s", first.patient_key)
    assert set(Case.objects.filter(pk__in=[first.pk, second.pk]).values_list("split", flat=True)) == {"test"}


def test_a_scan_of_a_patient_who_was_learned_from_never_becomes_a_test_case(project: Project) -> None:
    first, second = scans_of_one_patient(project)
    learning.request_run(project=project, requested_by=None)
    with pytest.raises(IntegrityError, match="has scans in another split"):
        raw("UPDATE annotation_case SET split = 'test' WHERE id = %s", second.pk)
    with pytest.raises(IntegrityError, match="in a frozen training set"):
        raw("UPDATE annotation_case SET split = 'test' WHERE patient_key = %s", first.patient_key)
    with pytest.raises(IntegrityError, match="has scans in another split"):
        Case.objects.create(
            project=project,
            volume=make_volume(),
            number=second.number + 1,
            name="a later scan",
            patient_key=first.patient_key,
            split=Split.TEST,
        )


def test_two_scans_of_a_patient_at_once_do_not_end_in_two_splits(project: Project) -> None:
    first, second = make_case(project), make_case(project, split=Split.TEST)
    answers: list[object] = []

    def rename(case: Case) -> None:
        try:
            Case.objects.filter(pk=case.pk).update(patient_key="one")
        except IntegrityError as error:
            answers.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        Case.objects.filter(pk=first.pk).update(patient_key="one")
        thread = threading.Thread(target=rename, args=(second,))
        thread.start()
        thread.join(timeout=0.3)
        assert thread.is_alive(), "the second waits for the first to end"
    thread.join()
    assert len(answers) == 1


def test_a_split_that_changes_while_a_set_is_frozen_waits_and_is_refused(project: Project) -> None:
    case = accepted(project)
    answers: list[object] = []

    def move() -> None:
        try:
            Case.objects.filter(pk=case.pk).update(split=Split.TEST)
        except IntegrityError as error:
            answers.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        learning.request_run(project=project, requested_by=None)
        thread = threading.Thread(target=move)
        thread.start()
        thread.join(timeout=0.3)
        assert thread.is_alive(), "the change waits for the freeze to end"
    thread.join()
    assert len(answers) == 1
    assert "in a frozen training set" in str(answers[0])


def test_a_set_that_is_frozen_while_a_split_changes_waits_and_sees_the_new_one(project: Project) -> None:
    case = accepted(project)
    snapshot = DatasetSnapshot.objects.create(project=project)
    answers: list[object] = []

    def freeze() -> None:
        try:
            raw(ITEM, snapshot.pk, case.pk, case.accepted_revision_id, "train")
        except IntegrityError as error:
            answers.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        Case.objects.filter(pk=case.pk).update(split=Split.TEST)
        thread = threading.Thread(target=freeze)
        thread.start()
        thread.join(timeout=0.3)
        assert thread.is_alive(), "the freeze waits for the change to end"
    thread.join()
    assert len(answers) == 1
    assert "in the split test" in str(answers[0])
