"""What readers measure is kept as they drew it, and only while the read is theirs to change."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from scipy.spatial.transform import Rotation

from annotation import corrections, worklist
from annotation.corrections import Measured
from annotation.errors import Conflict, Refused, TooLarge
from annotation.models import Assignment, Measurement, MeasurementKind, Plane, Project
from tests.annotation.factories import make_read
from tests.annotation.threads import at_once

# The scan has 40 × 36 × 34 voxels of 1 × 1 × 2 mm from (-10, -20, -30).
A, B = (0.1, 0.2, -10.0), (7.3, 0.2, -10.0)


@pytest.fixture
def read(ana: User, project: Project) -> Assignment:
    return make_read(ana, project)


def length(*points: tuple[float, float, float], plane: Plane = Plane.AXIAL, label: str = "") -> Measured:
    return Measured(uuid.uuid4(), MeasurementKind.LENGTH, plane, points or (A, B), label)


def points_of(measurement: Measurement) -> list[Sequence[float]]:
    flat = measurement.points_lps
    return [tuple(flat[at : at + 3]) for at in range(0, len(flat), 3)]


def test_every_digit_stays(read: Assignment) -> None:
    third = (1 / 3, -2 / 7, -10.000000000000002)
    measured = length(third, (0.1 + 0.2, 1e-17, third[2]), label=" cyst ")
    corrections.measure(assignment=read, changed=[measured])
    (kept,) = Assignment.objects.get(pk=read.pk).measurements.all()
    assert points_of(kept) == list(measured.points_lps)
    assert (kept.key, kept.kind, kept.plane, kept.label) == (measured.key, "length", "axial", "cyst")


def test_both_axes(read: Assignment) -> None:
    short = ((3.0, -1.0, -10.0), (3.0, 2.0, -10.0))
    axes = replace(length(), kind=MeasurementKind.BIDIRECTIONAL, points_lps=(A, B, *short))
    (kept,) = corrections.measure(assignment=read, changed=[axes])
    assert points_of(kept) == [A, B, *short]


def test_an_angle(read: Assignment) -> None:
    points = (A, (3.0, -1.0, -10.0), B)
    angle = replace(length(), kind=MeasurementKind.ANGLE, points_lps=points)
    (kept,) = corrections.measure(assignment=read, changed=[angle])
    assert (kept.kind, points_of(kept)) == ("angle", list(points))


def ellipse(*points: tuple[float, float, float], tilt: tuple[float, float, float]) -> Measured:
    return replace(length(*points), kind=MeasurementKind.ELLIPSE, tilt_deg=tilt)


def turned(tilt: tuple[float, float, float]) -> list[tuple[float, float, float]]:
    """Ends of two axes in an axial plane through (5, 0, -10) that was turned as scipy turns."""
    turn = Rotation.from_euler("xyz", tilt, degrees=True)
    ends = turn.apply([[4.0, 0.0, 0.0], [-4.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, -3.0, 0.0]])
    return [(5.0 + x, y, z - 10.0) for x, y, z in ends]


@pytest.mark.parametrize("tilt", [(0.0, 0.0, 0.0), (20.0, 0.0, 0.0), (10.0, -35.0, 60.0)])
def test_an_ellipse_in_a_plane_that_was_turned(read: Assignment, tilt: tuple[float, float, float]) -> None:
    points = turned(tilt)
    (kept,) = corrections.measure(assignment=read, changed=[ellipse(*points, tilt=tilt)])
    assert (kept.kind, points_of(kept), tuple(kept.tilt_deg)) == ("ellipse", points, tilt)
    other = ellipse(*points[:3], (5.0, 0.0, -4.0), tilt=tilt)
    with pytest.raises(Refused, match="one axial"):
        corrections.measure(assignment=read, changed=[other])


@pytest.mark.parametrize(
    ("plane", "other"),
    [(Plane.AXIAL, (3.0, 3.0, -10.0)), (Plane.SAGITTAL, (0.1, 3.0, 3.0)), (Plane.CORONAL, (3.0, 0.2, 3.0))],
)
def test_in_every_plane(read: Assignment, plane: Plane, other: tuple[float, float, float]) -> None:
    assert len(corrections.measure(assignment=read, changed=[length(A, other, plane=plane)])) == 1


def test_changed_by_its_key_and_removed(read: Assignment) -> None:
    first, second = length(), length(label="spleen")
    measure = partial(corrections.measure, assignment=read)
    before = measure(changed=[first, second])
    moved = replace(first, points_lps=(B, (8.0, 1.0, -10.0)), label="liver")
    for _ in range(2):
        after = measure(changed=[moved])
        assert [one.pk for one in after] == [one.pk for one in before], "it changes in its place"
        assert [one.label for one in after] == ["liver", "spleen"]
        assert points_of(after[0]) == list(moved.points_lps)
    for _ in range(2):
        assert [one.key for one in measure(changed=[], removed=[first.key, uuid.uuid4()])] == [second.key]


def test_one_key_twice_in_one_request_counts_as_its_last(read: Assignment) -> None:
    one = length(label="first")
    (kept,) = corrections.measure(assignment=read, changed=[one, replace(one, label="last")])
    assert kept.label == "last"


@pytest.mark.parametrize(
    ("measured", "says"),
    [
        (length(A), "2 points"),
        (length(A, B, B), "2 points"),
        (replace(length(), kind=MeasurementKind.BIDIRECTIONAL), "4 points"),
        (replace(length(), kind=MeasurementKind.ANGLE), "3 points"),
        (replace(length(), kind=MeasurementKind.ELLIPSE), "4 points"),
        (replace(length(), tilt_deg=(float("nan"), 0.0, 0.0)), "not a number"),
        (replace(length(A, (7.3, 5.2, -10.0)), tilt_deg=(20.0, 0.0, 0.0)), "one axial turned plane"),
        (length(A, (float("nan"), 0.2, -10.0)), "not a number"),
        (length(A, (float("inf"), 0.2, -10.0)), "not a number"),
        (length(A, (7.3, 0.2, -9.0)), "one axial slice"),
        (length(A, B, plane=Plane.SAGITTAL), "one sagittal slice"),
        (length((0.1, 0.2, -40.0), (7.3, 0.2, -40.0)), "one axial slice"),
        (length(A, (1e4, 0.2, -10.0)), "outside the scan"),
        (length(A, (1e308, 1e308, -10.0)), "outside the scan"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused(read: Assignment, measured: Measured, says: str) -> None:
    with pytest.raises(Refused, match=says):
        corrections.measure(assignment=read, changed=[length(), measured])
    assert not Measurement.objects.exists()


def test_there_is_an_end_to_it(read: Assignment) -> None:
    full = [length() for _ in range(corrections.MOST_MEASUREMENTS)]
    assert len(corrections.measure(assignment=read, changed=full)) == 200
    with pytest.raises(TooLarge, match="200"):
        corrections.measure(assignment=read, changed=[length()])
    assert Measurement.objects.count() == 200
    corrections.measure(assignment=read, changed=[length()], removed=[full[0].key])
    assert Measurement.objects.count() == 200


@pytest.mark.parametrize("end", ["handed in", "given back"])
def test_not_after_the_end(read: Assignment, end: str) -> None:
    corrections.measure(assignment=read, changed=[length()])
    if end == "handed in":
        corrections.submit(assignment=read, revision=0)
    else:
        worklist.release(assignment=read)
    with pytest.raises(Conflict, match=end):
        corrections.measure(assignment=read, changed=[length()])
    assert read.measurements.count() == 1


def test_a_key_of_another_read_is_another_measurement(read: Assignment, ben: User, project: Project) -> None:
    other, one = make_read(ben, project), length()
    for each in (read, other):
        corrections.measure(assignment=each, changed=[one])
    corrections.measure(assignment=read, changed=[], removed=[one.key])
    assert (read.measurements.count(), other.measurements.count()) == (0, 1)


def test_the_table_keeps_no_half_measurement(read: Assignment) -> None:
    for points in ([0.0] * 9, [0.0] * 12):
        with pytest.raises(IntegrityError), transaction.atomic():
            Measurement.objects.create(
                assignment=read, key=uuid.uuid4(), kind="length", plane="axial", points_lps=points
            )


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_lose_nothing(read: Assignment) -> None:
    both = [length() for _ in range(4)]
    got = at_once([partial(corrections.measure, assignment=read, changed=[one]) for one in both])
    assert all(isinstance(one, list) for one in got), got
    assert set(read.measurements.values_list("key", flat=True)) == {one.key for one in both}
