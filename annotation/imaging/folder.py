"""What a folder of scans holds: which files are images, which label map belongs to which, what was left out.

Files are told apart by name first and by content second. Only headers and label maps are looked into here;
images are decoded when they are imported.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from annotation.errors import Refused
from annotation.imaging import naming
from annotation.imaging.dicom import Series
from annotation.imaging.findings import Cause, Finding, Mark, Outcome, cause_of
from annotation.imaging.formats import is_image_file
from annotation.imaging.naming import Kind
from annotation.imaging.nifti import Inspection
from annotation.imaging.sandbox import Decoder
from annotation.imaging.sidecars import Names, Sidecars

_UNREAD = (".hdr", ".img", ".mgz")
_LOOKING = Callable[[int, int], None]


@dataclass(frozen=True)
class Labels:
    """A label map: its file, the values in it, and their names if there are any."""

    path: Path
    values: tuple[int, ...]
    names: Names | None


@dataclass(frozen=True)
class Scan:
    """One scan to import. `files` is one image file or all of a DICOM series; `patient` names the patient.

    Of a DICOM series, `slices` are (index into files, frame), `marks` say how it was found, `uid` and
    `frame_uid` are its own and its frame of reference's, `drawings` are the SEG and RTSTRUCT drawn on it.
    """

    name: str
    shown: str
    files: tuple[Path, ...]
    is_dicom: bool
    patient: str
    in_test_folder: bool
    labels: Labels | None = None
    slices: tuple[tuple[int, int], ...] = ()
    marks: tuple[Mark, ...] = ()
    uid: str = ""
    frame_uid: str = ""
    drawings: tuple[Path, ...] = ()

    @property
    def is_delineated(self) -> bool:
        """Whether a delineation came with it."""
        return self.labels is not None or bool(self.drawings)


@dataclass
class Survey:
    """What was found: scans in the order of their names, files refused or skipped and why, and notes."""

    scans: list[Scan] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def refused(self) -> list[tuple[str, str]]:
        """The files refused, each with a sentence."""
        return [(one.source, one.message) for one in self.findings if one.outcome is Outcome.REFUSED]

    def refuse(self, file: str, cause: Cause, sentence: str) -> None:
        """Remember that a file cannot be imported."""
        self.findings.append(Finding(file, Outcome.REFUSED, cause, sentence))


@dataclass
class _File:
    path: Path
    relative: PurePosixPath
    grid: Inspection
    kind: Kind
    group: tuple[str, ...]
    case_stem: str = ""
    full_stem: str = ""
    is_guess: bool = False  # a label map that came to its image by shape and position alone


def survey(folder: Path, decoder: Decoder, looking: _LOOKING) -> Survey:
    """Look through a folder; `looking(done, total)` is called per image file. Raises Refused: no folder."""
    check_folder(folder)
    result = Survey()
    files = _image_files(folder, decoder, result, looking)
    _pair(folder, files, result)
    _add_series(folder, decoder, result)
    _note_other_formats(folder, result)
    _make_names_unique(folder, result)
    return result


def check_folder(folder: Path) -> None:
    """Raise Refused where there is no folder."""
    if not folder.exists():
        raise Refused(f"There is no folder {folder.name}; check the path.")
    if not folder.is_dir():
        raise Refused(f"{folder.name} is a file; give the folder that it lies in.")


def _image_files(folder: Path, decoder: Decoder, result: Survey, looking: _LOOKING) -> list[_File]:
    paths = [path for path in files_below(folder) if is_image_file(path)]
    suffixes = Sidecars(folder).suffixes(sorted({path.parent for path in paths} | {folder}))
    files: list[_File] = []
    for done, path in enumerate(paths):
        looking(done, len(paths))
        relative = PurePosixPath(path.relative_to(folder).as_posix())
        kind = naming.kind_by_name(relative, suffixes)
        try:
            grid = decoder.inspect(path, with_values=kind is not Kind.IMAGE)
            if kind is Kind.LABELS and grid.values is None:
                raise Refused(
                    f"{path.name} is named like a label map but holds no whole numbers from 0 to 254; "
                    "rename it, or write the label map again."
                )
        except Refused as refused:
            result.refuse(path.name, cause_of(refused), refused.sentence)
            continue
        if kind is None:
            kind = Kind.IMAGE if grid.values is None else Kind.LABELS
        files.append(_File(path, relative, grid, kind, naming.group_of(relative)))
    _set_stems(files, suffixes)
    return files


def _set_stems(files: list[_File], suffixes: frozenset[str]) -> None:
    """Find what image and label map have in common. `_0000` is a channel only where every image has it."""
    endings: dict[tuple[str, ...], set[bool]] = defaultdict(set)
    for file in files:
        if file.kind is Kind.IMAGE:
            endings[file.group].add(naming.stem(file.path.name).endswith(f"_{naming.CHANNEL}"))
    for file in files:
        channels = file.kind is Kind.IMAGE and endings[file.group] == {True}
        file.case_stem = naming.case_stem(file.relative, suffixes, channels=channels)
        file.full_stem = naming.stem(file.path.name)


def _label_maps_of(files: list[_File], images: Sequence[_File], result: Survey) -> dict[Path, list[_File]]:
    """Give every label map to its image; one without an image is refused."""
    of_image: dict[Path, list[_File]] = defaultdict(list)
    for labels in (file for file in files if file.kind is Kind.LABELS):
        image = _image_by_name(labels, images)
        if image is None:
            image, labels.is_guess = _image_by_grid(labels, images), True
        if image is None:
            sentence = (
                f"No scan was found for the label map {labels.path.name}: none has its name, and none in its "
                "folder has its shape and position."
            )
            result.refuse(labels.path.name, Cause.LABELS, sentence)
        else:
            of_image[image.path].append(labels)
    return of_image


def _pair(folder: Path, files: list[_File], result: Survey) -> None:
    images = [file for file in files if file.kind is Kind.IMAGE]
    sidecars = Sidecars(folder)
    of_image = _label_maps_of(files, images, result)
    left_out: list[tuple[str, str]] = []
    for image in images:
        try:
            chosen = _choose(image, of_image[image.path], sidecars, left_out, result.notes)
        except Refused as refused:
            result.refuse(image.path.name, Cause.LABELS, refused.sentence)
            continue
        name = naming.scan_name(image.relative, image.case_stem, folder.resolve().name)
        result.scans.append(
            Scan(
                name=name,
                shown=image.path.name,
                files=(image.path,),
                is_dicom=False,
                patient=naming.patient_of(name),
                in_test_folder=naming.is_test(image.relative.parent.parts),
                labels=chosen,
            )
        )
    result.scans.sort(key=lambda scan: (scan.name, scan.files))
    if left_out:
        more = f" (and {len(left_out) - 1} more)" if len(left_out) > 1 else ""
        result.notes.append(
            f"One label map is read per scan: {left_out[0][0]}{more} was left out in favour of "
            f"{left_out[0][1]}."
        )


def _image_by_name(labels: _File, images: Sequence[_File]) -> _File | None:
    """Find the image of a label map: the only one of its stem near, else anywhere."""
    near = [image for image in images if image.group == labels.group]
    for candidates in (near, images):
        for same in (
            [image for image in candidates if labels.full_stem in (image.full_stem, image.case_stem)],
            [image for image in candidates if labels.case_stem and image.case_stem == labels.case_stem],
        ):
            if len(same) == 1:
                return same[0]
    return None


def _image_by_grid(labels: _File, images: Sequence[_File]) -> _File | None:
    """Guess the image of a label map: the only one beside it with its shape and position."""
    near = [image for image in images if image.group == labels.group]
    alike = [image for image in near if image.grid.same_grid(labels.grid)]
    return alike[0] if len(alike) == 1 else None


def _choose(
    image: _File,
    candidates: list[_File],
    sidecars: Sidecars,
    left_out: list[tuple[str, str]],
    notes: list[str],
) -> Labels | None:
    """Choose the label map whose values all have names, and among these the one with the most named values.

    A best one that came to the image only by our guess and has a value without a name is noted and not used.
    Raises Refused when none of the label maps lies on the image, or when a value of the best has no name.
    """
    if not candidates:
        return None
    fitting = [file for file in candidates if file.grid.same_grid(image.grid)]
    if not fitting:
        raise Refused(
            f"{candidates[0].path.name} has another shape or position than its scan {image.path.name}; "
            "resample the label map onto the scan."
        )
    known = [
        Labels(file.path, file.grid.values or (), sidecars.names_for(file.path, image.case_stem))
        for file in sorted(fitting, key=lambda file: file.path)
    ]
    best = max(known, key=_rank)
    try:
        if best.names:
            best.names.check(best.values, best.path.name)
    except Refused as refused:
        if not all(file.is_guess for file in fitting):
            raise
        notes.append(f"{image.path.name} is imported without a delineation: {refused.sentence}")
        return None
    left_out.extend((labels.path.name, best.path.name) for labels in known if labels is not best)
    return best


def _rank(labels: Labels) -> tuple[bool, int, int]:
    names = labels.names.by_value if labels.names else {}
    named = [value for value in labels.values if value in names]
    return bool(names) and len(named) == len(labels.values), len(names), len(named)


def _add_series(folder: Path, decoder: Decoder, result: Survey) -> None:
    found = decoder.find_series(folder)
    scans = [
        _scan_of(folder, series, f"series {number} of {len(found.series)}")
        for number, series in enumerate(found.series, start=1)
    ]
    for path in (folder / name for name in found.drawings):
        try:
            at = _drawn_on(path, scans, decoder)
            scans[at] = replace(scans[at], drawings=(*scans[at].drawings, path))
        except Refused as refused:
            result.refuse(path.name, Cause.LABELS, refused.sentence)
    result.scans += scans
    result.findings += found.findings
    for kind, count in sorted(found.others.items()):
        result.notes.append(
            f"{_files(count, 'DICOM')} of the kind “{kind}” left out: only CT slices of a volume are read."
        )


def _drawn_on(path: Path, scans: Sequence[Scan], decoder: Decoder) -> int:
    """Return which scan a SEG or RTSTRUCT was drawn on: the series that it names, else the only one in its
    frame of reference. Raises Refused when that cannot be told.
    """
    series, frames = decoder.drawn_on(path)
    found = [at for at, scan in enumerate(scans) if scan.uid in series and scan.uid]
    if not series or not found:
        found = [at for at, scan in enumerate(scans) if scan.frame_uid in frames and scan.frame_uid]
    if not found:
        raise Refused(f"No scan was found that {path.name} was drawn on; import both together.")
    if len(found) > 1:
        raise Refused(
            f"{path.name} was drawn on a series with several stacks, or does not say on which of "
            f"{len(found)} series; import it beside its own stack alone."
        )
    return found[0]


def _scan_of(folder: Path, series: Series, which: str) -> Scan:
    files = series.files
    index = {name: at for at, name in enumerate(files)}
    first = PurePosixPath(files[0])
    return Scan(
        name="",
        shown=f"{first.name} ({which}, {_count(len(files), 'file')})",
        files=tuple(folder / name for name in files),
        is_dicom=True,
        patient=series.patient_id,
        in_test_folder=naming.is_test(first.parent.parts),
        slices=tuple((index[name], frame) for name, frame in series.slices),
        marks=series.marks,
        uid=series.uid,
        frame_uid=series.frame_uid,
    )


def _note_other_formats(folder: Path, result: Survey) -> None:
    counts = Counter(path.suffix.lower() for path in files_below(folder))
    for suffix in _UNREAD:
        if counts[suffix]:
            result.notes.append(f"{_files(counts[suffix], suffix)} left out: convert to NIfTI to import.")


def _make_names_unique(folder: Path, result: Survey) -> None:
    """Two cases of one name get their folders in front of it; within one folder, a number behind it."""
    counts = Counter(scan.name for scan in result.scans)
    seen: Counter[str] = Counter()
    for at, scan in enumerate(result.scans):
        if scan.is_dicom or counts[scan.name] == 1:
            continue
        group = naming.group_of(PurePosixPath(scan.files[0].relative_to(folder).as_posix()))
        patient = "_".join([*group, scan.patient])
        name = "_".join([*group, scan.name])
        seen[name] += 1
        name = name if seen[name] == 1 else f"{name}_{seen[name]}"
        result.scans[at] = replace(scan, name=name, patient=patient)


def _files(count: int, what: str) -> str:
    return _count(count, f"{what} file")


def _count(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of a tree in a stable order; not hidden ones, nor links out of it."""
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file() and path.resolve().is_relative_to(root):
            yield path
