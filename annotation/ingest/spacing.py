"""The spacing of scans whose files do not say it: given by a lead, and all that follows from it."""

from collections.abc import Sequence
from math import isfinite

import numpy as np
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from numpy.typing import NDArray

from annotation import agreement, store
from annotation.errors import Conflict, Refused
from annotation.imaging.findings import SPACING_UNKNOWN, Cause
from annotation.ingest.cases import renewed_image
from annotation.models import Case, GivenSpacing, Measurement, Pin, ReadSummary, ScanFeatures, Volume
from training.volume import Geometry

WIDEST_MM = 20.0  # below this; no CT has larger voxels

Spacing = tuple[float, float, float]


def give_spacing(*, case: Case, spacing_mm: Sequence[float], by: AbstractBaseUser) -> Volume:
    """Give the scan of a case its spacing (i, j, k); masks keep their voxels. The same again changes nothing.

    The origin, and what was placed in the patient meanwhile, are scaled along the axes. Raises Refused for
    numbers that no voxel has, Conflict where the spacing is known already.
    """
    wanted = _checked(spacing_mm)
    volume = Volume.objects.get(pk=case.volume_id)
    if volume.spacing_known:
        return _unchanged(volume, wanted, case.number)
    geometry = _scaled(volume, wanted)
    with renewed_image(volume.store_key, geometry) as key, transaction.atomic():
        held = Volume.objects.select_for_update().get(pk=volume.pk)
        if held.spacing_known or held.store_key != volume.store_key:
            raise Conflict(f"Somebody gave case {case.number} a spacing just now. Look again.")
        before = held.store_key
        GivenSpacing.objects.create(
            volume=held, by_id=by.pk, spacing_mm=list(wanted), before_mm=held.spacing_mm
        )
        _follow(held, wanted)
        held.spacing_mm, held.origin_lps = list(wanted), list(geometry.origin_lps)
        held.spacing_known, held.store_key, held.marks = True, key, _told(held.marks, wanted)
        held.save(update_fields=["spacing_mm", "origin_lps", "spacing_known", "store_key", "marks"])
        for one in Case.objects.filter(volume=held):
            agreement.request(one)
        transaction.on_commit(lambda: store.delete_tree(before))
    return held


def _checked(spacing_mm: Sequence[float]) -> Spacing:
    if len(spacing_mm) != 3 or not all(isfinite(one) and 0 < one < WIDEST_MM for one in spacing_mm):
        raise Refused(
            f"A spacing is three numbers of millimetres (i, j, k), above 0 and below {WIDEST_MM:g}."
        )
    i, j, k = (float(one) for one in spacing_mm)
    return i, j, k


def _unchanged(volume: Volume, wanted: Spacing, number: int) -> Volume:
    """Return the volume if a lead gave it this very spacing; nobody changes what is known."""
    last = volume.given_spacings.last()
    if last is not None and tuple(last.spacing_mm) == wanted:
        return volume
    given = " × ".join(f"{one:g}" for one in volume.spacing_mm)
    raise Conflict(f"The spacing of case {number} is known: {given} mm. It cannot be changed.")


def _scaled(volume: Volume, wanted: Spacing) -> Geometry:
    geometry = volume.geometry
    x, y, z = _scaling(volume, wanted) @ np.asarray(geometry.origin_lps)
    return Geometry(geometry.shape, wanted, (float(x), float(y), float(z)), geometry.direction)


def _scaling(volume: Volume, wanted: Spacing) -> NDArray[np.float64]:
    """Return what takes patient coordinates by the old spacing to those by the new one: 3 × 3."""
    direction = np.asarray(volume.geometry.direction)
    return np.asarray(direction @ np.diag(np.divide(wanted, volume.spacing_mm)) @ direction.T)


def _follow(volume: Volume, wanted: Spacing) -> None:
    """Move what was placed in the patient, and forget what was worked out by the old spacing."""
    scaling = _scaling(volume, wanted)
    pins = Pin.objects.filter(assignment__case__volume=volume).select_for_update(of=("self",))
    for pin in pins:
        pin.point_lps = (scaling @ np.asarray(pin.point_lps)).tolist()
        pin.save(update_fields=["point_lps"])
    for one in Measurement.objects.filter(assignment__case__volume=volume):
        one.points_lps = (np.reshape(one.points_lps, (-1, 3)) @ scaling.T).ravel().tolist()
        one.save(update_fields=["points_lps"])
    ReadSummary.objects.filter(case__volume=volume).delete()
    ScanFeatures.objects.filter(volume=volume).delete()


def _told(marks: Sequence[dict[str, str]], wanted: Spacing) -> list[dict[str, str]]:
    """Return the marks, of which the one on the spacing says that it was given."""
    given = " × ".join(f"{one:g}" for one in wanted)
    message = f"The file does not say how large a voxel is; a lead gave {given} mm."
    said = {**SPACING_UNKNOWN.as_json(), "message": message}
    return [said if mark.get("cause") == Cause.SPACING_UNKNOWN else dict(mark) for mark in marks]
