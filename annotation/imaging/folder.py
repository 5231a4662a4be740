"""What a folder of scans holds: which files are images, which label map belongs to which, what was left out.

Files are told apart by name first and by content second. Only headers and label maps are looked into here;
images are decoded when they are imported.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from annotation.errors import Refused
from annotation.imaging import naming
from annotation.imaging.dicom import Found, Series
from annotation.imaging.findings import Cause
from annotation.imaging.pairing import File, Looking, Reading, drawn_of, image_files, pair
from annotation.imaging.sandbox import Decoder
from annotation.imaging.scans import DrawnFile, Labels, Scan, Survey
from annotation.imaging.sidecars import Sidecars

__all__ = ["DrawnFile", "Labels", "Scan", "Survey", "check_folder", "files_below", "series_in", "survey"]

_UNREAD = (".hdr", ".img", ".mgz")


def survey(
    folder: Path,
    decoder: Decoder,
    looking: Looking,
    known: Collection[int] | None = None,
    *,
    where: str = "",
) -> Survey:
    """Look through a folder; `looking(done, total)` is called per image file. Raises Refused: no folder.

    With `known`, the values of label maps that a recipe names, names of JSON files are passed over. `where`
    is said of DICOM, whose files are not called by their names: in which zip of several it lies.
    """
    check_folder(folder)
    result = Survey()
    files = image_files(list(files_below(folder)), folder, decoder, result, looking)
    reading = Reading(Sidecars(folder), known)
    paired = pair(folder, files, result, reading)
    result.scans += paired.scans
    series = _add_series(folder, decoder, result, where)
    for group in paired.alone:
        scans = [result.scans[at] for at in series]
        for_one = any(_called_like(file, scan) for file in group for scan in scans)
        for part in [[file] for file in group] if for_one else [group]:
            _add_beside(part, series, reading, result)
    _note_other_formats(folder, result)
    _make_names_unique(folder, result)
    return result


def check_folder(folder: Path) -> None:
    """Raise Refused where there is no folder."""
    if not folder.exists():
        raise Refused(f"There is no folder {folder.name}; check the path.")
    if not folder.is_dir():
        raise Refused(f"{folder.name} is a file; give the folder that it lies in.")


def _add_series(folder: Path, decoder: Decoder, result: Survey, where: str) -> range:
    """Add the DICOM series with their SEG and RTSTRUCT; return at which places they stand."""
    found, scans = series_in(folder, decoder, where)
    for name, called in found.drawings:
        decoder.call(folder / name, called)
        try:
            at = _drawn_on(folder / name, called, scans, decoder)
            scans[at] = _with(scans[at], DrawnFile((folder / name,), called=called))
        except Refused as refused:
            result.refuse(called, Cause.LABELS, refused.sentence)
    first = len(result.scans)
    result.scans += scans
    result.findings += found.findings
    for kind, count in sorted(found.others.items()):
        result.notes.append(
            f"{_files(count, 'DICOM')} of the kind “{kind}” left out: only CT slices of a volume are read."
        )
    return range(first, len(result.scans))


def series_in(folder: Path, decoder: Decoder, where: str = "") -> tuple[Found, list[Scan]]:
    """Return what of DICOM lies below a folder, and its CT series as scans; `where` as for `survey`."""
    found = decoder.find_series(folder, where)
    return found, [
        _scan_of(folder, series, f"Series {number} of {len(found.series)}{where}")
        for number, series in enumerate(found.series, start=1)
    ]


def _with(scan: Scan, drawn: DrawnFile) -> Scan:
    return replace(scan, drawings=(*scan.drawings, drawn))


def _add_beside(group: Sequence[File], series: range, reading: Reading, result: Survey) -> None:
    """Give a label map, or a folder of masks, that fits no image file to the DICOM series beside it."""
    first = group[0]
    shown = first.path.name if len(group) == 1 else f"{first.path.name} and {len(group) - 1} more"
    near = _nearest(group, [(at, result.scans[at]) for at in series])
    try:
        if len(near) > 1:
            raise Refused(
                f"{len(near)} DICOM series may be the scan of {shown}; put it into the folder of its own."
            )
        if not near:
            raise Refused(
                f"No scan was found for the label map {shown}: none has its name, and none in its "
                "folder has its shape and position."
            )
        called = _called_like(first, result.scans[near[0]])
        drawn = drawn_of(group, first.case_stem, reading, called=called)
        result.scans[near[0]] = _with(result.scans[near[0]], drawn)
    except Refused as refused:
        result.refuse(shown, Cause.LABELS, refused.sentence)


def _called_like(file: File, scan: Scan) -> bool:
    """Tell whether a label map has the name of a series' folder."""
    return bool({file.case_stem, file.full_stem} & set(scan.files[0].parent.parts[-3:]) - {""})


def _nearest(group: Sequence[File], scans: Sequence[tuple[int, Scan]]) -> list[int]:
    """Return the series in a folder that is called like the file, else those with most folders in common."""
    path = group[0].path
    if len(group) == 1:
        called = [at for at, scan in scans if _called_like(group[0], scan)]
        if len(called) == 1:
            return called
    folder = naming.without_label_words(path.parent.name)
    called = [at for at, scan in scans if folder and folder in scan.files[0].parent.parts[-3:]]
    if len(called) == 1:
        return called
    common = {at: _in_common(path, scan.files[0]) for at, scan in scans}
    return [at for at, depth in common.items() if depth == max(common.values())]


def _in_common(path: Path, other: Path) -> int:
    """Return how many folders two files have in common, from the root on."""
    pairs = zip(path.parent.parts, other.parent.parts, strict=False)
    return next((depth for depth, (a, b) in enumerate(pairs) if a != b), len(path.parent.parts))


def _drawn_on(path: Path, called: str, scans: Sequence[Scan], decoder: Decoder) -> int:
    """Return which scan a SEG or RTSTRUCT was drawn on: the series that it names, else the only one in its
    frame of reference. Raises Refused when that cannot be told.
    """
    series, frames = decoder.drawn_on(path)
    found = [at for at, scan in enumerate(scans) if scan.uid in series and scan.uid]
    if not series or not found:
        found = [at for at, scan in enumerate(scans) if scan.frame_uid in frames and scan.frame_uid]
    if not found:
        raise Refused(f"No scan was found that {called} was drawn on; import both together.")
    if len(found) > 1:
        raise Refused(
            f"{called} was drawn on a series with several stacks, or does not say on which of "
            f"{len(found)} series; import it beside its own stack alone."
        )
    return found[0]


def _scan_of(folder: Path, series: Series, which: str) -> Scan:
    files = series.files
    index = {name: at for at, name in enumerate(files)}
    first = PurePosixPath(files[0])
    return Scan(
        name="",
        shown=f"{which} ({_count(len(files), 'file')})",  # names of DICOM files often name patients
        files=tuple(folder / name for name in files),
        is_dicom=True,
        patient=series.patient_id,
        in_test_folder=naming.is_test(first.parent.parts),
        slices=tuple((index[name], frame) for name, frame in series.slices),
        marks=series.marks,
        uid=series.uid,
        frame_uid=series.frame_uid,
        identity=series.identity,
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
