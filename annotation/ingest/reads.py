"""Delineations that readers made elsewhere become their reads, so that agreement can be looked at here.

Where the project has no scan of that name, the case is made of the masks alone: their geometry, no image.
"""

import hashlib
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from numpy.typing import NDArray

from annotation import agreement, catalogue, chunks, projects, worklist
from annotation.errors import Conflict, Refused
from annotation.imaging.drawings import Drawing, find_drawings
from annotation.imaging.omezarr import FILL_HU
from annotation.imaging.packed import Packed, pack, shared_voxels
from annotation.imaging.sandbox import Decoder
from annotation.ingest import delineations
from annotation.ingest.cases import hashed_patient, stored_image, volume_row
from annotation.models import (
    NO_IMAGE,
    Assignment,
    AssignmentRole,
    AssignmentState,
    CalibrationCase,
    Case,
    Membership,
    Project,
    Purpose,
    RevisionKind,
    Role,
    SchemaStructure,
    Split,
    StartFrom,
    StructureGroup,
)
from annotation.worklist.reads import create
from annotation.worklist.starts import SCRATCH
from training.progress import OnProgress, Progress, ignore_progress
from training.volume import Geometry
from training.volume import Volume as Scan

Place = tuple[Scan, str]  # an image, and where it is stored
MOST_NAMED = 5
_USERNAME = re.compile(r"[\w.@+-]{1,150}\Z")


@dataclass(frozen=True)
class Decoded:
    """A drawing in memory: masks by the key of their structure."""

    drawing: Drawing
    geometry: Geometry
    masks: Mapping[str, Packed]


@dataclass
class ReadsReport:
    """What became of a folder of readers' delineations."""

    cases: int = 0
    reads: int = 0
    known: int = 0
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the report to read."""
        there = f" {self.known} were there already." if self.known else ""
        summary = f"{self.reads} reads of {self.cases} cases imported.{there}"
        return [summary, *self.notes, *(f"Not imported: {sentence}" for sentence in self.refused)]


def import_reads(
    *,
    project: Project,
    folder: Path,
    readers: Sequence[str] = (),
    on_progress: OnProgress = ignore_progress,
) -> ReadsReport:
    """Import the delineations of several readers (see `imaging.drawings` for the folder's form).

    Each read counts as begun from nothing and handed in now, and is compared with the others by a job.
    Readers without an account get one that nobody can sign in to. A read that the project has already is
    left alone, so that an import that was interrupted can be done again. Raises Refused when there is nothing
    to read.
    """
    _check(project, readers)
    found = find_drawings(folder, readers)
    report = ReadsReport(notes=list(found.notes))
    names = _names(found.drawings)
    with Decoder() as decoder:
        decoded = [*_decoded(found.drawings, decoder, names, report, on_progress)]
    _ensure_structures(project, names, decoded)
    by_case = _by_case(decoded)
    for done, (case, reads) in enumerate(by_case):
        on_progress(Progress("importing", done, len(by_case), case))
        try:
            _import_case(project, case, reads, report)
        except Refused as refused:
            report.refused.append(f"{case}: {refused.sentence}")
    on_progress(Progress("importing", len(by_case), len(by_case)))
    _note_left_out(project, names, report)
    _note_alone(by_case, report)
    return report


def _check(project: Project, readers: Iterable[str]) -> None:
    if StructureGroup.objects.filter(project=project).exists():
        raise Refused(
            "This project divides its structures among readers; import whole reads into another project."
        )
    for reader in readers:
        _check_name(reader)


def _check_name(reader: str) -> None:
    if not _USERNAME.match(reader):
        raise Refused(
            f"“{reader[:40]}” cannot be a reader's name; use letters, digits and . @ + - _, at most 150."
        )


# ── Decoding ─────────────────────────────────────────────────────────────────


def _names(drawings: Iterable[Drawing]) -> dict[str, str]:
    """Return the key of every structure by the name that the files give it."""
    named = [name for one in drawings for _, name in one.names]
    named += [name for one in drawings for name, _ in one.masks]
    return {name: catalogue.key_of(name) for name in dict.fromkeys(named)}


def _decoded(
    drawings: Sequence[Drawing],
    decoder: Decoder,
    names: Mapping[str, str],
    report: ReadsReport,
    on_progress: OnProgress,
) -> Iterator[Decoded]:
    began = time.monotonic()
    for done, drawing in enumerate(drawings):
        left = (time.monotonic() - began) / done * (len(drawings) - done) if done else None
        on_progress(Progress("decoding", done, len(drawings), drawing.case, seconds_left=left))
        try:
            _check_name(drawing.reader)
            yield _decode(drawing, decoder, names)
        except Refused as refused:
            report.refused.append(f"{drawing.case} by {drawing.reader}: {refused.sentence}")
    on_progress(Progress("decoding", len(drawings), len(drawings)))


def _decode(drawing: Drawing, decoder: Decoder, names: Mapping[str, str]) -> Decoded:
    if drawing.whole is None:
        return _decode_masks(drawing, decoder, names)
    volume = decoder.bits(drawing.whole) if drawing.is_bits else decoder.labels(drawing.whole)
    _check_names(drawing, drawing.whole, volume.voxels, names)
    masks = {
        names[name]: pack((volume.voxels >> value) & 1 if drawing.is_bits else volume.voxels == value)
        for value, name in drawing.names
    }
    return Decoded(drawing, volume.geometry, masks)


def _check_names(drawing: Drawing, file: Path, voxels: NDArray[np.integer], names: Mapping[str, str]) -> None:
    """Refuse what is drawn without a name, and two names of one structure: neither may be lost silently."""
    first: dict[str, str] = {}
    for _, name in drawing.names:
        other = first.setdefault(names[name], name)
        if other != name:
            raise Refused(
                f"{file.name} has two names, {other} and {name}, that are one structure ({names[name]}); "
                "name them differently in the JSON file."
            )
    named = {value for value, _ in drawing.names}
    if drawing.is_bits:
        every = int(np.bitwise_or.reduce(voxels, axis=None))
        drawn = {bit for bit in range(every.bit_length()) if every >> bit & 1}
    else:
        drawn = {int(value) for value in np.flatnonzero(np.bincount(voxels.ravel())) if value}
    unnamed = sorted(drawn - named)
    if unnamed:
        what = f"bit {unnamed[0]}" if drawing.is_bits else f"the value {unnamed[0]}"
        raise Refused(f"{file.name} holds {what}, which nothing names; add it to the JSON file of names.")


def _decode_masks(drawing: Drawing, decoder: Decoder, names: Mapping[str, str]) -> Decoded:
    masks: dict[str, Packed] = {}
    geometry: Geometry | None = None
    for name, path in drawing.masks:
        volume = decoder.mask(path)
        geometry = geometry or volume.geometry
        if not volume.geometry.is_close(geometry):
            raise Refused(f"{path.name} has another shape or position than {drawing.masks[0][1].name}.")
        if names[name] in masks:
            other = next(at for one, at in drawing.masks if names[one] == names[name])
            raise Refused(
                f"{other.name} and {path.name} are both taken for {names[name]}; rename or remove one."
            )
        masks[names[name]] = pack(volume.voxels)
    if geometry is None:
        raise Refused("There are no masks.")
    return Decoded(drawing, geometry, masks)


# ── Structures ───────────────────────────────────────────────────────────────


def _ensure_structures(project: Project, names: Mapping[str, str], decoded: Iterable[Decoded]) -> None:
    """Give a project without structures those of the files, on as many layers as the masks need."""
    if delineations.entries_of(project):
        return
    shared = {pair for one in decoded for pair in shared_voxels(one.masks)}
    projects.add_structures(project=project, structures=list(names), shared=shared)


def _labels(
    one: Decoded, entries: Sequence[SchemaStructure], layers: int
) -> tuple[NDArray[np.uint8], list[str]]:
    """Return the layers (layer, i, j, k), and the keys of what was looked at."""
    labels = np.zeros((layers, *one.geometry.shape), np.uint8)
    known = [entry for entry in entries if entry.structure.key in one.masks]
    for entry in known:
        mask = one.masks[entry.structure.key]
        if mask.box is None:
            continue
        here = labels[entry.layer][mask.box]
        inside = mask.voxels()
        if here[inside].any():
            raise Refused(
                f"{entry.structure.name} shares voxels with another structure of its layer in the read by "
                f"{one.drawing.reader}; import into a new project, whose layers follow from the masks."
            )
        here[inside] = entry.value
    return labels, sorted(entry.structure.key for entry in known)


def _note_left_out(project: Project, names: Mapping[str, str], report: ReadsReport) -> None:
    own = {entry.structure.key for entry in delineations.entries_of(project)}
    left_out = sorted(name for name, key in names.items() if key not in own)
    if left_out:
        report.notes.append(
            f"Structures that the project does not have were left out: {', '.join(left_out)}."
        )


def _note_alone(by_case: Iterable[tuple[str, Sequence[Decoded]]], report: ReadsReport) -> None:
    """Of a single read nothing can be compared; only where other cases have several is that odd."""
    cases = list(by_case)
    alone = [case for case, reads in cases if len(reads) == 1]
    if 0 < len(alone) < len(cases):
        more = f" and {len(alone) - MOST_NAMED} more" if len(alone) > MOST_NAMED else ""
        report.notes.append(
            f"Only one reader's delineation was read of {', '.join(alone[:MOST_NAMED])}{more}: "
            "nothing can be compared there."
        )


# ── Storing ──────────────────────────────────────────────────────────────────


def _by_case(decoded: Iterable[Decoded]) -> list[tuple[str, list[Decoded]]]:
    ordered = sorted(decoded, key=lambda one: (one.drawing.case, one.drawing.reader))
    return [(case, list(reads)) for case, reads in groupby(ordered, key=lambda one: one.drawing.case)]


def _import_case(project: Project, name: str, reads: Sequence[Decoded], report: ReadsReport) -> None:
    """Store the reads of one case, all or none."""
    with ExitStack() as undone:
        place: Place | None = None
        if not project.cases.filter(name=name).exists():
            air = np.full(reads[0].geometry.shape, FILL_HU, np.int16)
            scan = Scan(air, reads[0].geometry)
            place = scan, undone.enter_context(stored_image(scan))
        with transaction.atomic():
            case = _case(project, name, place)
            kept = [read for one in reads if (read := _kept(project, case, one)) is not None]
            for read in kept:
                agreement.settled(read)
    report.reads += len(kept)
    report.known += len(reads) - len(kept)
    report.cases += bool(kept)


def _case(project: Project, name: str, place: Place | None) -> Case:
    """The case of that name. What was stored for a new one is not needed when somebody else was faster."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    case = project.cases.select_related("volume").filter(name=name).first()
    if case is None and place is not None:
        return _without_image(project, name, *place)
    if case is None or place is not None:
        raise Conflict("it was added or removed meanwhile; import again.")
    return case


def _kept(project: Project, case: Case, one: Decoded) -> Assignment | None:
    """A reader's read; None where the reader has one of this case already."""
    if not one.geometry.is_close(case.volume.geometry):
        raise Refused(f"what {one.drawing.reader} drew has another shape or position than the case.")
    reader = _reader(project, one.drawing.reader)
    if Assignment.objects.filter(case=case, reader=reader, role=AssignmentRole.ANNOTATE).exists():
        return None
    labels, annotated = _labels(one, delineations.entries_of(project), chunks.layer_count(project.pk))
    return _read(case, reader, labels, annotated)


def _without_image(project: Project, name: str, scan: Scan, store_key: str) -> Case:
    """A case of which there are delineations alone; everybody who read it counts, nobody else gets it."""
    last: int | None = project.cases.aggregate(last=Max("number"))["last"]
    signature = hashlib.sha256(f"no image of {name}: {scan.geometry}".encode()).hexdigest()
    case = Case.objects.create(
        project=project,
        volume=volume_row(scan, store_key, signature, modality=NO_IMAGE),
        number=(last or 0) + 1,
        name=name[:120],
        patient_key=hashed_patient(name),
        split=Split.POOL,
    )
    CalibrationCase.objects.create(case=case, start_from=StartFrom.SCRATCH)
    worklist.begin_parts([case])
    worklist.settle(worklist.lock_case(case.pk))
    return case


def _reader(project: Project, name: str) -> User:
    user, made = User.objects.get_or_create(username=name, defaults={"is_active": False})
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    # Not active: nobody is given further reads because they once read elsewhere.
    Membership.objects.get_or_create(
        project=project, user=user, defaults={"role": Role.ANNOTATOR, "active": False}
    )
    return user


def _read(case: Case, reader: User, labels: NDArray[np.uint8], annotated: list[str]) -> Assignment:
    without = case.volume.modality == NO_IMAGE
    read = create(
        part=case.parts.get(),
        reader=reader.pk,
        role=AssignmentRole.ANNOTATE,
        start=SCRATCH,
        purpose=Purpose.CALIBRATION if without else Purpose.ROUTINE,
    )
    mask = read.mask
    chunks.write_labels(mask=mask, labels=labels, kind=RevisionKind.IMPORT, author=reader)
    mask.annotated = annotated
    mask.save(update_fields=["annotated"])
    now = timezone.now()
    read.state, read.submitted_at, read.final_at = AssignmentState.DONE, now, now
    read.save(update_fields=["state", "submitted_at", "final_at", "updated_at"])
    return read
