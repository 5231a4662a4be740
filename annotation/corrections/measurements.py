"""What a reader measured: kept with the read, in millimetres of the patient."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotation import clock
from annotation.corrections.reads import lock, renew_lease, require_editable
from annotation.corrections.sessions import AXIS
from annotation.errors import Refused, TooLarge
from annotation.models import Assignment, Measurement, MeasurementKind, Plane
from training.volume import Geometry

MOST_MEASUREMENTS = 200  # of one read
POINTS = {
    MeasurementKind.LENGTH: 2,
    MeasurementKind.BIDIRECTIONAL: 4,
    MeasurementKind.ANGLE: 3,
    MeasurementKind.ELLIPSE: 4,
}
SAME_SLICE = 0.01  # voxels by which the points of one slice may differ

Point = tuple[float, float, float]
STRAIGHT: Point = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Measured:
    """One measurement as the browser draws it: the long axis before the short one, a vertex in the middle."""

    key: uuid.UUID
    kind: MeasurementKind
    plane: Plane
    points_lps: Sequence[Point]
    label: str = ""
    tilt_deg: Point = STRAIGHT


@transaction.atomic
def measure(
    *, assignment: Assignment, changed: Sequence[Measured], removed: Collection[uuid.UUID] = ()
) -> list[Measurement]:
    """Keep what is new or changed, by its key, and take away what was removed. Answers with all there is.

    Sent twice, done once. Raises Refused for points that are not in one slice of the scan, TooLarge above the
    limit, Conflict when the read is not its reader's to change any more.
    """
    volume = assignment.case.volume
    if changed and not volume.spacing_known:
        raise Refused("The spacing of this scan is not known, so nothing is measured; ask a lead to give it.")
    geometry = volume.geometry
    for one in changed:
        _check(one, geometry)
    locked = lock(assignment)
    require_editable(locked)
    locked.measurements.filter(key__in=removed).delete()
    now = clock.now()
    Measurement.objects.bulk_create(
        [
            Measurement(
                assignment=locked,
                key=one.key,
                kind=one.kind,
                plane=one.plane,
                points_lps=[mm for point in one.points_lps for mm in point],
                tilt_deg=list(one.tilt_deg),
                label=one.label.strip(),
                updated_at=now,
            )
            for one in {one.key: one for one in changed}.values()
        ],
        update_conflicts=True,
        unique_fields=["assignment", "key"],
        update_fields=["kind", "plane", "points_lps", "tilt_deg", "label", "updated_at"],
    )
    kept = list(locked.measurements.all())
    if len(kept) > MOST_MEASUREMENTS:
        raise TooLarge(f"A read keeps {MOST_MEASUREMENTS} measurements. Remove one of them first.")
    renew_lease(locked)
    return kept


def _check(one: Measured, geometry: Geometry) -> None:
    """The points of a slice lie in it; along the slice they may leave the scan by its own size."""
    points = np.array(one.points_lps, float)
    if points.shape != (POINTS[one.kind], 3):
        raise Refused(
            f"A measurement “{one.kind.label}” has {POINTS[one.kind]} points of three coordinates each."
        )
    if not (np.isfinite(points).all() and np.isfinite(one.tilt_deg).all()):
        raise Refused("A measurement has a coordinate that is not a number.")
    index = geometry.lps_to_index(points)
    shape = np.array(geometry.shape)
    if not ((index >= -shape) & (index <= 2 * shape)).all():
        raise Refused("A measurement lies outside the scan. Its points are patient millimetres in LPS.")
    axis = AXIS[one.plane]
    along = index @ (_normal(one.tilt_deg, axis) * geometry.spacing_mm) / geometry.spacing_mm[axis]
    is_turned = any(one.tilt_deg)
    if np.ptp(along) > SAME_SLICE or not (is_turned or -0.5 <= along[0] <= shape[axis] - 0.5):
        where = "turned plane" if is_turned else "slice"
        raise Refused(f"The points of a measurement lie in one {one.plane.label} {where} of the scan.")


def _normal(tilt_deg: Point, axis: int) -> NDArray[np.float64]:
    """Unit vector across a plane that was turned about i, then j, then k, along the axes of the array."""
    turned = np.eye(3)
    for about, angle in enumerate(np.radians(tilt_deg)):
        first, second = (about + 1) % 3, (about + 2) % 3
        turn = np.eye(3)
        turn[[first, second], [first, second]] = np.cos(angle)
        turn[second, first], turn[first, second] = np.sin(angle), -np.sin(angle)
        turned = turn @ turned
    return turned[:, axis]
