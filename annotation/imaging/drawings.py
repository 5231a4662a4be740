"""Delineations of several readers in one folder tree: which file is whose, and of which case.

Understood, in any mixture, and with further folders around or between:

- CASE/READER/STRUCTURE.nrrd (or .nii, .nii.gz): one mask per file; READER/CASE/… as well
- CASE/READER.bits.nii.gz: bit i of a voxel is structure i of a JSON list of names beside it or above
- CASE/READER.nii.gz: a label map with labels.json beside it or above; READER/CASE.nii.gz as well
- where the readers are named: CASE/STRUCTURE_READER.nrrd and CASE_READER.nii.gz, too

Scans beside the masks and hidden files are passed over.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from annotation.errors import Refused
from annotation.imaging import naming
from annotation.imaging.sidecars import Sidecars

SUFFIXES = re.compile(r"\.(nrrd|nii|nii\.gz)$", re.IGNORECASE)
BITS = ".bits"
MOST_BITS = 32
_SCAN_WORDS = naming.IMAGE_WORDS | {naming.CHANNEL}
_MASK_WORDS = frozenset(["mask", "seg", "segmentation", "label", "roi"])
_LONGEST_LIST = 1024**2


@dataclass(frozen=True)
class Drawing:
    """One reader's delineation of one case: a file for each structure, or one file for all.

    `names` are those of `whole`: by bit where it `is_bits`, else by value.
    """

    case: str
    reader: str
    masks: tuple[tuple[str, Path], ...] = ()
    whole: Path | None = None
    names: tuple[tuple[int, str], ...] = ()
    is_bits: bool = False

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.whole,) if self.whole is not None else tuple(path for _, path in self.masks)


@dataclass(frozen=True)
class Found:
    """The drawings, ordered by case and reader, and sentences on what was passed over."""

    drawings: tuple[Drawing, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _File:
    """A file with the two names that are a case's and a reader's; `structure` is empty where it holds all."""

    path: Path
    outer: str
    inner: str
    structure: str


def find_drawings(folder: Path, readers: Sequence[str] = ()) -> Found:
    """Return every reader's delineations below a folder.

    Of the two names that a file stands under, the reader's is one of `readers`; without those, the kind of
    name of which there are fewer. Raises Refused when that does not tell, or when there is nothing.
    """
    files = [file for path in _files(folder) if (file := _split(path, folder, readers))]
    if not files:
        raise Refused(
            f"{folder.name} holds no delineations: it needs CASE/READER/STRUCTURE.nrrd (or .nii.gz), "
            "CASE/READER.bits.nii.gz or CASE/READER.nii.gz."
        )
    chosen = frozenset(readers) or _readers([file for file in files if not _names_scan(file.inner)])
    grouped: dict[tuple[str, str], list[_File]] = {}
    for file in files:
        if file.inner in chosen or file.outer in chosen:
            inner_reads = file.inner in chosen
            case, reader = (file.outer, file.inner) if inner_reads else (file.inner, file.outer)
            grouped.setdefault((case, reader), []).append(file)
    if not grouped:
        raise Refused(f"No file in {folder.name} is of {' or '.join(sorted(chosen))}; check --readers.")
    notes: list[str] = []
    sidecars = Sidecars(folder)
    drawings = [
        _drawing(case, reader, of_one, sidecars, notes) for (case, reader), of_one in sorted(grouped.items())
    ]
    return Found(tuple(drawings), tuple(notes))


def _files(folder: Path) -> Iterator[Path]:
    """Return the files that could be delineations, those of higher folders first."""
    found = [
        path
        for path in folder.rglob("*")
        if SUFFIXES.search(path.name) and path.is_file() and not _is_hidden(path.relative_to(folder))
    ]
    yield from sorted(found, key=lambda path: (len(path.parts), path.as_posix()))


def _is_hidden(path: Path) -> bool:
    """What operating systems leave behind: ._Brain.nrrd, __MACOSX."""
    return any(part.startswith((".", "__MACOSX")) for part in path.parts)


def _names_scan(stem: str) -> bool:
    """Tell whether a name says nothing but that it is a scan: CT_IMAGE, ct, image_0000."""
    parts = [word.lower() for word in naming.words(stem)]
    return bool(parts) and parts[0] in naming.IMAGE_WORDS and set(parts) <= _SCAN_WORDS


def _split(path: Path, folder: Path, readers: Sequence[str]) -> _File | None:
    """Return the names that a file stands under; None when there is only one."""
    relative = path.relative_to(folder)
    above = [part for part in relative.parent.parts if not naming.only_sorts(part)]
    stem = SUFFIXES.sub("", path.name)
    whole = stem.removesuffix(BITS)
    rest, reader = _without_reader(whole, readers)
    if reader and rest and (not above or not {*above} & {*readers}):
        # CASE_READER.nii.gz alone, or CASE/STRUCTURE_READER.nrrd.
        return _File(path, above[-1], reader, rest) if above else _File(path, rest, reader, "")
    if above and (stem.endswith(BITS) or len(above) == 1 or whole in readers):
        return _File(path, above[-1], whole, "")
    return _File(path, above[-2], above[-1], stem) if len(above) > 1 else None


def _without_reader(stem: str, readers: Sequence[str]) -> tuple[str, str]:
    """Return the rest of a name that begins or ends with a reader's, and whose; empty where none does."""
    for reader in sorted(readers, key=len, reverse=True):
        for pattern in (
            rf"(?P<rest>.+)[_\-. ]{re.escape(reader)}",
            rf"{re.escape(reader)}[_\-. ](?P<rest>.+)",
        ):
            found = re.fullmatch(pattern, stem, re.IGNORECASE)
            if found:
                return found["rest"], reader
    return "", ""


def _readers(files: Sequence[_File]) -> frozenset[str]:
    outer = frozenset(file.outer for file in files)
    inner = frozenset(file.inner for file in files)
    if len(outer) == len(inner) or min(len(outer), len(inner)) == 1:
        raise Refused(f"Are {_some(outer)} the readers, or {_some(inner)}? Name the readers after --readers.")
    return min(outer, inner, key=len)


def _some(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)[:3])


def _drawing(case: str, reader: str, files: Sequence[_File], sidecars: Sidecars, notes: list[str]) -> Drawing:
    """Return what the first file begins: one that holds all, or the folder of masks that it lies in."""
    scans = [file for file in files if _names_scan(file.structure)]
    if 0 < len(scans) < len(files):
        files = [file for file in files if file not in scans]
    first = files[0]
    if not first.structure:
        taken: tuple[_File, ...] = (first,)
        is_bits = SUFFIXES.sub("", first.path.name).endswith(BITS)
        names = _bit_names(first.path, sidecars) if is_bits else _value_names(first.path, case, sidecars)
        drawing = Drawing(case, reader, whole=first.path, names=names, is_bits=is_bits)
    else:
        taken = tuple(file for file in files if file.path.parent == first.path.parent)
        named = tuple((_structure(file.structure, case, reader), file.path) for file in taken)
        drawing = Drawing(case, reader, masks=named)
    passed_over = {file.path.parent.relative_to(sidecars.root).as_posix() for file in files} - {
        file.path.parent.relative_to(sidecars.root).as_posix() for file in taken
    }
    notes.extend(
        f"{case} by {reader} is there more than once: what lies in {where} was left out."
        for where in sorted(passed_over)
    )
    return drawing


def _structure(name: str, case: str, reader: str) -> str:
    """Return the name of a structure without those of the case and the reader, and without “mask”, “seg” ….

    Of a name that is nothing else, everything.
    """
    for owner in (case, reader):
        rest, _ = _without_reader(name, [owner])
        name = rest or name
    parts = re.split(r"(?<=[_\-. ])|(?=[_\-. ])", name)
    while len(parts) > 2 and parts[-1].lower() in _MASK_WORDS:
        parts = parts[:-2]
    while len(parts) > 2 and parts[0].lower() in _MASK_WORDS:
        parts = parts[2:]
    return "".join(parts)


def _bit_names(path: Path, sidecars: Sidecars) -> tuple[tuple[int, str], ...]:
    for folder in sidecars.upwards(path.parent):
        for file in sorted(folder.glob("*.json")):
            names = _list_of_names(file)
            if names:
                return tuple(enumerate(names))
    raise Refused(
        f"{path.name} holds one structure per bit, but nothing names them: write a JSON list such as "
        '["Brain", "Mandible"] into organs.json beside it, in the order of the bits.'
    )


def _list_of_names(file: Path) -> list[str]:
    try:
        content = (
            json.loads(file.read_text(encoding="utf-8")) if file.stat().st_size < _LONGEST_LIST else None
        )
    except (OSError, ValueError, RecursionError):
        return []
    if not isinstance(content, list) or not 0 < len(content) <= MOST_BITS:
        return []
    names = [name for name in content if isinstance(name, str) and name.strip()]
    return names if len(names) == len(content) else []


def _value_names(path: Path, case: str, sidecars: Sidecars) -> tuple[tuple[int, str], ...]:
    names = sidecars.names_for(path, case)
    if names is None:
        raise Refused(
            f'{PurePosixPath(path.name)} has values without names: write {{"1": "name of the structure"}} '
            "into a labels.json beside it."
        )
    return tuple(sorted(names.by_value.items()))
