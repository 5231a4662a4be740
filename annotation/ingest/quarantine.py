"""Cases that are held until a lead has looked: released to the readers, or removed with all their bytes."""

import io

import numpy as np
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from PIL import Image

from annotation import store, worklist
from annotation.errors import Conflict, NotFound
from annotation.imaging import omezarr
from annotation.ingest.cases import begin
from annotation.models import Case, CaseState, Release

DARKEST_HU, BRIGHTEST_HU = -1000, 1000  # wide: text is burned in with whatever values


@transaction.atomic
def release(*, case: Case, by: AbstractBaseUser) -> Case:
    """Let a held case go on to its readers. Released twice, done once. Raises Conflict for any other case."""
    locked = worklist.lock_case(case.pk)
    if Release.objects.filter(case=locked).exists():
        return locked
    _require_held(locked)
    Release.objects.create(case=locked, by_id=by.pk)
    begin(locked)
    return locked


@transaction.atomic
def remove(*, case: Case) -> None:
    """Remove a held case: rows, delineation, and the image in the store. Raises Conflict for any other."""
    locked = Case.objects.select_for_update().select_related("volume").get(pk=case.pk)
    _require_held(locked)
    volume = locked.volume
    locked.delete()
    if not volume.cases.exists():
        key = volume.store_key
        volume.delete()
        transaction.on_commit(lambda: store.delete_tree(key))


def picture_of(case: Case, k: int) -> bytes:
    """Return a slice of a case as PNG: one pixel per voxel, i to the right, j down, −1000 to 1000 HU.

    Raises NotFound where the scan has no such slice.
    """
    if not 0 <= k < case.volume.shape[2]:
        raise NotFound(f"The scan has {case.volume.shape[2]} slices, from 0.")
    with store.local_path(case.volume.store_key) as folder:
        hu = omezarr.read_slice(folder, k)
    span = BRIGHTEST_HU - DARKEST_HU
    greys = np.clip((hu.astype(np.float32) - DARKEST_HU) / span * 255, 0, 255).astype(np.uint8)
    made = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(greys.T)).save(made, "PNG")
    return made.getvalue()


def _require_held(case: Case) -> None:
    if case.state != CaseState.HELD:
        raise Conflict(f"Case {case.number} is not held; there is nothing to decide.")
