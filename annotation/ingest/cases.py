"""One scan becomes one case: image in the store, rows in one transaction, its delineation accepted."""

import hashlib
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import get_valid_filename
from numpy.typing import NDArray

from annotation import chunks, original_uids, quota, store, worklist
from annotation.errors import Conflict, Refused, TooLarge
from annotation.imaging import checks, formats, naming, omezarr
from annotation.imaging.dicom import UNSAID, Identity, Original, Pseudonyms, pseudonyms_of
from annotation.imaging.dicom import patient_key as keyed_hash
from annotation.imaging.findings import SPACING_UNKNOWN, Mark
from annotation.imaging.sandbox import Decoder
from annotation.imaging.signature import signature_of
from annotation.ingest import delineations
from annotation.models import (
    Case,
    CaseState,
    Mask,
    MaskKind,
    Project,
    Revision,
    RevisionKind,
    Split,
    Volume,
)
from annotation.recipes import Search, add_signature, certain, split_of_copies
from annotation.recipes.leakage import Figures
from annotation.sites import site_name
from training.labels import IGNORE
from training.volume import Geometry
from training.volume import Volume as Scan

_LONGEST_NAME = 120
# Of what is hashed at a time: 64 × 4 × 300 voxels are 150 KiB.
_SLAB, _ROWS = 64, 4

Labels = NDArray[np.uint8]


class AlreadyThere(Conflict):
    """The project has this scan; `number` is that of its case."""

    def __init__(self, sentence: str, number: int) -> None:
        super().__init__(sentence)
        self.number = number


class OtherSplit(Conflict):
    """The project has scans of the patient in another split."""


def add_case(
    *,
    project: Project,
    volume: Scan,
    name: str,
    patient_key: str,
    split: str,
    labels: Labels | None = None,
    annotated: Iterable[str] = (),
    header: Mapping[str, Any] | None = None,
    marks: Sequence[Mark] = (),
    spacing_known: bool = True,
    identity: Identity = UNSAID,
    original: Original | None = None,
    site: str = "",
) -> Case:
    """Make a case of a decoded scan (int16 HU, canonical LPS), and accept the delineation that came with it.

    `labels` is (layer, i, j, k) with values of the project's schema, or None; `annotated` are the keys of the
    structures that were looked at; `header` and `marks` stay with the volume (see `imaging.dicom`), of
    `identity` keyed hashes alone, and `original`, sealed, where the project keeps such. `site` is where it
    was scanned. Without a `name` the case is called by its number. A mark may hold the case until a lead has
    looked. The scan's signature is kept, and a certain copy of a scan that the project has joins its split.
    Raises AlreadyThere when the project has this scan, OtherSplit when it has scans of the patient in another
    split.
    """
    keys, site = sorted(set(annotated)), site_name(site)
    marks = marks if spacing_known or SPACING_UNKNOWN in marks else [*marks, SPACING_UNKNOWN]
    known = pseudonyms_of(settings.SECRET_KEY, patient_key, identity)
    _check_labels(project, labels, volume.geometry.shape, keys)
    signature = content_sha256(volume.voxels)
    _check_new(project, signature)
    look = signature_of(volume)
    (search := Search(look)).found()  # takes its time where many are alike: not while others wait
    with stored_image(volume) as store_key, transaction.atomic():
        locked = _lock(project, signature)
        quota.check_scan(project, store_key)
        found = search.found()
        split = _split_with_copies(project, patient_key, split, found)
        row = volume_row(volume, store_key, signature, header=header, marks=marks, pseudonyms=known)
        add_signature(row, look, found)
        _keep_original(locked, row, original)
        about = {"name": name[:_LONGEST_NAME], "patient_key": patient_key, "split": split, "site": site}
        case = _new_case(project, row, about, is_held=any(mark.holds for mark in marks))
        _keep_labels(case, labels, keys)
        if case.state != CaseState.HELD:
            begin(case)
    return case


def _lock(project: Project, signature: str) -> Project:
    """See to it that no two cases of a project get one number, and that no scan comes in twice."""
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    _check_new(project, signature)
    return locked


def _new_case(project: Project, volume: Volume, about: Mapping[str, str], *, is_held: bool) -> Case:
    number, state = _next_number(project), CaseState.HELD if is_held else CaseState.WAITING
    called = {**about, "name": about["name"] or f"scan {number}"}
    return Case.objects.create(project=project, volume=volume, number=number, state=state, **called)


def _keep_original(project: Project, volume: Volume, original: Original | None) -> None:
    if original is not None and project.keeps_uids:
        original_uids.keep(volume, original)


def _keep_labels(case: Case, labels: Labels | None, keys: Sequence[str]) -> None:
    if labels is None:
        return
    mask = Mask.objects.create(case=case, kind=MaskKind.IMPORTED, annotated=list(keys))
    chunks.write_labels(mask=mask, labels=labels, kind=RevisionKind.IMPORT)


def _next_number(project: Project) -> int:
    last: int | None = project.cases.aggregate(last=Max("number"))["last"]
    deleted = project.deletions.values_list("cases", flat=True)  # what was said of them is not said of others
    return max([last or 0, *(max(numbers) for numbers in deleted)]) + 1


def begin(case: Case) -> None:
    """Let a new case go to its readers, or accept the delineation that came with it.

    One whose spacing is not known waits for no model: readers begin from nothing. The caller holds the case.
    """
    came = Revision.objects.filter(mask__case=case, kind=RevisionKind.IMPORT).order_by("-pk").first()
    case.state = CaseState.WAITING if case.volume.spacing_known else CaseState.READY
    if came is not None:
        case.state, case.accepted_revision, case.accepted_at = CaseState.ACCEPTED, came, timezone.now()
    case.save(update_fields=["accepted_revision", "accepted_at", "state", "updated_at"])
    worklist.begin_parts([case])


def upload_case(
    *,
    project: Project,
    image: "File[Any]",
    label: "File[Any] | None" = None,
    name: str = "",
    site: str = "",
) -> Case:
    """Make a case of an uploaded scan (NIfTI, NRRD, MetaImage) and, if given, its label map.

    The label map is in the project's own values.
    """
    work = Path(settings.WORK_ROOT)
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work, prefix="upload-") as folder, Decoder() as decoder:
        path = _received(image, Path(folder, "image"))
        scan = decoder.image(path)
        marks = decoder.inspect(path, with_values=False).marks
        drawn: delineations.Delineation | None = None
        if label is not None:
            file = _received(label, Path(folder, "label"))
            voxels = labels_on(scan, decoder, file)
            drawn = delineations.in_project_values(project, voxels, None, file.name)
    called = name.strip() or naming.stem(path.name)
    key = hashed_patient(naming.patient_of(called))
    return add_case(
        project=project,
        volume=scan,
        name=called,
        patient_key=key,
        split=split_of(project, key) or Split.POOL,
        labels=drawn.labels if drawn else None,
        annotated=drawn.annotated if drawn else (),
        marks=marks,
        site=site,
    )


def labels_on(scan: Scan, decoder: Decoder, file: Path) -> Labels:
    """Decode a label map that lies on a scan: uint8 (i, j, k). Raises Refused when it lies elsewhere."""
    labels = decoder.labels(file)
    if not labels.geometry.is_close(scan.geometry):
        raise Refused(
            f"{file.name} has another shape or position than its scan; resample the label map onto the scan."
        )
    return np.asarray(labels.voxels, np.uint8)


def read_voxels(volume: Volume) -> NDArray[np.int16]:
    """Return a stored image's voxels: int16 HU (i, j, k)."""
    with store.local_path(volume.store_key) as folder:
        return omezarr.read_image(folder)


def content_sha256(voxels: NDArray[np.int16]) -> str:
    """Return what finds the same scan under another name: a hash of shape and voxels, not of the geometry."""
    digest = hashlib.sha256("x".join(str(n) for n in voxels.shape).encode())
    for slab in _slabs(voxels):
        digest.update(slab.data)
    return digest.hexdigest()


def _slabs(voxels: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
    """Yield the voxels in the order (i, j, k), k fastest, a few i at a time.

    Voxels that lie slice after slice are turned in pieces that fit a processor's cache: six times as fast.
    """
    if voxels.flags.c_contiguous:
        yield voxels.astype("<i2", copy=False)
        return
    for first in range(0, len(voxels), _SLAB):
        slab = np.empty((min(_SLAB, len(voxels) - first), *voxels.shape[1:]), "<i2")
        for row in range(0, voxels.shape[1], _ROWS):
            piece = voxels[first : first + _SLAB, row : row + _ROWS]
            slab[:, row : row + _ROWS] = np.array(piece, order="F")
        yield slab


def hashed_patient(patient: str) -> str:
    """Return what stands for a patient in this installation."""
    return keyed_hash(settings.SECRET_KEY, patient)


def split_of(project: Project, patient_key: str) -> str | None:
    """Return the split that a patient's scans are in; None: the project has none of them."""
    return project.cases.filter(patient_key=patient_key).values_list("split", flat=True).first()


def _check_labels(
    project: Project, labels: Labels | None, shape: tuple[int, ...], keys: Sequence[str]
) -> None:
    if labels is None:
        return
    entries = delineations.entries_of(project)
    layers = chunks.layer_count(project.pk)
    if labels.dtype != np.uint8 or labels.shape != (layers, *shape):
        raise Refused(f"The delineation has shape {labels.shape}; the scan needs {(layers, *shape)}.")
    if strange := set(keys) - {entry.structure.key for entry in entries}:
        raise Refused(f"The project has no structure {min(strange)}.")
    for layer, voxels in enumerate(labels):
        allowed = {IGNORE} | {entry.value for entry in entries if entry.layer == layer}
        if unknown := set(checks.present_values(voxels)) - allowed:
            raise Refused(f"The delineation holds the value {min(unknown)}, which the project does not have.")


def _check_new(project: Project, signature: str) -> None:
    same = project.cases.filter(volume__content_sha256=signature).first()
    if same is not None:
        raise AlreadyThere(
            f"This is the same scan as case {same.number} ({same.name}); it was not imported twice.",
            same.number,
        )


def _split_with_copies(project: Project, patient_key: str, split: str, found: Mapping[int, Figures]) -> str:
    """Return the split that a scan goes to: that of its certain copies, else the one asked for.

    Raises OtherSplit when its patient has scans in another one.
    """
    joined = split_of_copies(project, certain(found))
    _check_split(project, patient_key, split if joined is None else joined, is_copy=joined is not None)
    return joined or split


def _check_split(project: Project, patient_key: str, split: str, *, is_copy: bool) -> None:
    other = project.cases.filter(patient_key=patient_key).exclude(split=split).first()
    if other is not None and is_copy:
        raise OtherSplit(
            f"This scan shows the same as one in the split “{split}”, but case {other.number} of the same "
            f"patient is in the split “{other.split}”; bring the patient's scans into one split first."
        )
    if other is not None:
        raise OtherSplit(
            f"Case {other.number} is of the same patient and in the split “{other.split}”; "
            "all scans of a patient must be in one split."
        )


@contextmanager
def stored_image(volume: Scan) -> Iterator[str]:
    """Store an image and give its key; what goes wrong later takes the image out again."""
    key = f"volumes/{uuid.uuid4().hex}.zarr"
    with store.new_tree(key) as folder:
        omezarr.write_image(folder, volume)
    try:
        yield key
    except BaseException:
        store.delete_tree(key)
        raise


@contextmanager
def renewed_image(store_key: str, geometry: Geometry) -> Iterator[str]:
    """Store an image again with other geometry and give its key; what goes wrong later takes it out again."""
    key = f"volumes/{uuid.uuid4().hex}.zarr"
    with store.local_path(store_key) as source, store.new_tree(key) as folder:
        omezarr.copy_image(source, folder, geometry)
    try:
        yield key
    except BaseException:
        store.delete_tree(key)
        raise


def volume_row(
    volume: Scan,
    store_key: str,
    signature: str,
    *,
    modality: str = "CT",
    header: Mapping[str, Any] | None = None,
    marks: Sequence[Mark] = (),
    pseudonyms: Pseudonyms | None = None,
) -> Volume:
    """Keep where a stored image lies."""
    geometry, known = volume.geometry, pseudonyms or Pseudonyms()
    return Volume.objects.create(
        store_key=store_key,
        shape=list(geometry.shape),
        spacing_mm=list(geometry.spacing_mm),
        spacing_known=SPACING_UNKNOWN not in marks,
        origin_lps=list(geometry.origin_lps),
        direction=[float(x) for x in np.ravel(geometry.direction)],
        modality=modality,
        content_sha256=signature,
        header=dict(header or {}),
        marks=[mark.as_json() for mark in marks],
        study_uid=known.study_uid,
        series_uid=known.series_uid,
        acquired_on=known.acquired_on,
    )


def _received(file: "File[Any]", folder: Path) -> Path:
    """Write an upload into a folder under its own base name. Raises Refused for what is no image file."""
    name = get_valid_filename(Path(str(file.name or "upload")).name)[-100:]
    if not formats.is_image_file(Path(name)):
        raise Refused(
            f"{name} is not a NIfTI file (.nii or .nii.gz), nor .nrrd or .mha; import DICOM series from a "
            "folder or a zip."
        )
    folder.mkdir()
    path, received = folder / name, 0
    with path.open("wb") as target:
        for piece in file.chunks():
            received += len(piece)
            if received > settings.MAX_UPLOAD_BYTES:
                raise TooLarge(f"{name} is larger than {settings.MAX_UPLOAD_BYTES // 1024**2} MiB.")
            target.write(piece)
    return path
