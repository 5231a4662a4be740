"""Where a data set keeps its files: patterns of paths, the cases they give, and what a folder may be.

A pattern is a path below any folder. {n} stands for digits, {n:4} for four of them, {part:Tr|Va} for one of
these words (with * and ? as in a shell), any other {name} for anything but a slash, and * for the same
without a name. {n}, {case} or {id} name the case ({n} without leading zeros), {structure} a mask, {slice} or
{picture} a slice's labels, {part} a split, {series} and {reader} what there are several of in a case.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath

from annotation.errors import TooLarge
from annotation.recipes.applying import plain
from annotation.recipes.rules import Form, Recipe

MOST_FILES = 200_000
_Id = tuple[str, str, str]  # case, series, reader
_FIELD = re.compile(r"\{(\w+)(?::([^}]*))?\}|\*")
_IMAGING = (".nii", ".nii.gz", ".nrrd", ".mha", ".dcm", ".png", ".csv")
_LABEL_NAMES = ("structure", "slice", "picture")
_ABOVE = 3  # folders above the given one that a pattern may name too


@dataclass(frozen=True)
class FoundCase:
    """One case of a data set: its image (several files of a series), and its labels by name.

    A label map's name is empty; a mask's is that of its structure; a picture's that of its slice.
    `split` is the product's split that the data set's own folder stands for, or empty.
    """

    case: str
    series: str
    reader: str
    split: str
    image: tuple[Path, ...]
    labels: Mapping[str, Path]


@dataclass(frozen=True)
class Recognised:
    """A data set that a folder may be. `explained`: the share of its imaging files that the layout names."""

    recipe: Recipe
    cases: int
    labelled: int
    explained: float
    refused: str = ""


@dataclass
class _Gathered:
    split: str = ""
    image: list[Path] = field(default_factory=list)
    labels: dict[str, Path] = field(default_factory=dict)


def files_of(folder: Path) -> list[Path]:
    """Return the imaging files below a folder in order, without hidden ones, links and leftovers of macOS.

    Raises TooLarge beyond MOST_FILES.
    """
    found: list[Path] = []
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(n for n in folders if not n.startswith(".") and n != "__MACOSX")
        for name in sorted(names):
            path = Path(here, name)
            if name.startswith((".", "_")) or not name.lower().endswith(_IMAGING) or path.is_symlink():
                continue
            found.append(path)
        if len(found) > MOST_FILES:
            raise TooLarge(f"The folder holds more than {MOST_FILES} files; import a part of it at a time.")
    return found


def recognise(folder: Path, recipes: Iterable[Recipe]) -> list[Recognised]:
    """Return the data sets that a folder may be, the best explanation first; none: an unknown layout.

    Two that explain it equally well cannot be told apart by their layout: somebody has to say which it is.
    """
    files = files_of(folder)
    found = [one for recipe in recipes if (one := _explains(recipe, folder, files)) is not None]
    return sorted(found, key=lambda one: (-one.explained, -one.labelled, one.recipe.key))


def cases_of(recipe: Recipe, folder: Path) -> list[FoundCase]:
    """Return the cases of a data set in natural order; files that its layout does not name stay out."""
    gathered: dict[_Id, _Gathered] = {}
    for path, kind, named in _matches(recipe, folder, files_of(folder)):
        case = gathered.setdefault(_id(named), _Gathered())
        case.split = case.split or recipe.layout.splits.get(named.get("part", ""), "")
        if kind == "image":
            case.image.append(path)
        elif kind == "label":
            case.labels[next((named[name] for name in _LABEL_NAMES if name in named), "")] = path
    return [
        FoundCase(*names, one.split, tuple(sorted(one.image, key=natural)), one.labels)
        for names, one in sorted(gathered.items(), key=lambda item: natural(item[0]))
        if one.image
    ]


def natural(text: object) -> list[tuple[int, int, str]]:
    """Return a key that sorts numbers within names by their size: slice_10 after slice_9."""
    pieces = re.split(r"(\d+)", str(text))
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces]


@lru_cache(maxsize=512)
def regex_of(pattern: str) -> re.Pattern[str]:
    """Return a pattern as a regular expression for the end of a path."""
    out, at = [], 0
    seen: set[str] = set()
    for found in _FIELD.finditer(pattern):
        out.append(re.escape(pattern[at : found.start()]))
        out.append(_field(found[1], found[2], seen))
        at = found.end()
    out.append(re.escape(pattern[at:]))
    return re.compile(f"(?:^|/){''.join(out)}$")


def _field(name: str | None, limits: str | None, seen: set[str]) -> str:
    if name is None:
        return "[^/]*"
    if name in seen:
        return f"(?P={name})"
    seen.add(name)
    if name in ("n", "slice"):
        return f"(?P<{name}>[0-9]{{{int(limits)}}})" if limits else f"(?P<{name}>[0-9]+)"
    words = [re.escape(word) for word in limits.split("|")] if limits else []
    either = "|".join(word.replace(r"\*", "[^/]*").replace(r"\?", "[^/]") for word in words)
    return f"(?P<{name}>{either or '[^/]+?'})"


def _explains(recipe: Recipe, folder: Path, files: Sequence[Path]) -> Recognised | None:
    images: set[_Id] = set()
    labels: set[_Id] = set()
    explained, refused = 0, ""
    for _, kind, named in _matches(recipe, folder, files):
        explained += 1
        if kind == "image":
            images.add(_id(named))
        elif kind == "label":
            labels.add(_id(named))
        elif kind != "beside":
            refused = recipe.layout.refused[kind]
    if not images or not (labels or refused):
        return None
    return Recognised(
        recipe, len(images), len(images & labels), explained / len(files), "" if labels else refused
    )


def _matches(
    recipe: Recipe, folder: Path, files: Iterable[Path]
) -> Iterator[tuple[Path, str, dict[str, str]]]:
    """Yield what each file is: image, label, beside, or the pattern that refuses it; with the names in it."""
    whole = folder.resolve()
    above = PurePosixPath(*whole.parts[-_ABOVE:]) if len(whole.parts) > _ABOVE else PurePosixPath(whole.name)
    patterns = [
        *((pattern, pattern) for pattern in recipe.layout.refused),
        *((pattern, "image") for pattern in recipe.layout.images),
        *((pattern, "label") for pattern in recipe.layout.labels),
        *((pattern, "beside") for pattern in recipe.layout.beside),
    ]
    names = {plain(name) for name in recipe.files}
    for path in files:
        shown = str(above / path.relative_to(folder).as_posix())
        for pattern, kind in patterns:
            found = regex_of(pattern).search(shown)
            if found and _is_named(recipe, found.groupdict(), kind, names):
                yield path, kind, found.groupdict()
                break


def _is_named(recipe: Recipe, named: Mapping[str, str], kind: str, names: set[str]) -> bool:
    """Tell whether a mask is one that the recipe knows; this tells releases of one layout apart."""
    by_file = recipe.form in (Form.MASKS, Form.VOXEL_LISTS)
    return not (by_file and kind == "label") or plain(named.get("structure", "")) in names


def _id(named: Mapping[str, str]) -> _Id:
    case = str(int(named["n"])) if "n" in named else named.get("case") or named.get("id") or ""
    return case, named.get("series", ""), named.get("reader", "")
