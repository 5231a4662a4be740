"""Finding a structure by name, other spelling, region of the body or side."""

from collections.abc import Iterator
from dataclasses import dataclass

from annotation import catalogue
from annotation.catalogue import Entry
from annotation.models import Side, Structure

REGIONS = {
    "head_neck": "head and neck",
    "thorax": "thorax",
    "abdomen": "abdomen",
    "pelvis": "pelvis",
    "spine": "spine",
    "thoracic_cage": "ribs and sternum",
    "shoulder_arm": "shoulder and arm",
    "hip_leg": "hip and leg",
    "trunk": "muscles of the trunk",
    "skeleton": "whole skeleton",
}
OWN = "own"  # not in the catalogue: made here, from the name of an import or of a lead


@dataclass(frozen=True)
class Found:
    """A structure that a project may have; of the installation's own, `region` is `own`."""

    key: str
    name: str
    side: str
    region: str
    parent: str
    snomed_code: str
    tolerance_mm: float
    colour: str
    synonyms: tuple[str, ...]


def regions() -> dict[str, str]:
    """Every region's key and name, in the order in which they are offered."""
    return {**REGIONS, OWN: "made here"}


def search(text: str = "", *, region: str = "", side: str | None = None) -> list[Found]:
    """Every structure whose spellings, region and side hold all words of `text`; the best first.

    `side`: left, right, or "" for what has none; None: any.
    """
    words = catalogue.plain(text).split()
    ranked = []
    for order, found in enumerate(_all()):
        if (region and found.region != region) or (side is not None and found.side != side):
            continue
        rank = _rank(found, words, " ".join(words))
        if rank is not None:
            ranked.append((rank, order, found))
    return [found for _, _, found in sorted(ranked, key=lambda one: one[:2])]


def _rank(found: Found, words: list[str], wanted: str) -> int | None:
    """0: the whole name; 1: a spelling begins so; 2: words of spellings; 3: its region or side too."""
    spellings = [catalogue.plain(s) for s in (found.key, found.name, *found.synonyms)]
    if not words or wanted in spellings:
        return 0
    if any(spelling.startswith(wanted) for spelling in spellings):
        return 1
    said = {word for spelling in spellings for word in spelling.split()}
    if _hold(said, words):
        return 2
    about = catalogue.plain(regions().get(found.region, "")).split()
    return 3 if _hold(said | set(about) | {found.side}, words) else None


def _hold(said: set[str], words: list[str]) -> bool:
    return all(any(one.startswith(word) for one in said) for word in words)


def _all() -> Iterator[Found]:
    """The catalogue's lines in their order, as the database has them; then what was made here."""
    rows = {row.key: row for row in Structure.objects.select_related("parent")}
    for entry in catalogue.entries().values():
        row = rows.pop(entry.key, None)
        yield _known(entry) if row is None else _stored(row, entry.region, entry.synonyms)
    for row in rows.values():
        yield _stored(row, OWN, ())


def _known(entry: Entry) -> Found:
    return Found(
        key=entry.key,
        name=entry.name,
        side=entry.side,
        region=entry.region,
        parent=entry.parent,
        snomed_code=entry.snomed_code,
        tolerance_mm=entry.tolerance_mm,
        colour=entry.colour,
        synonyms=entry.synonyms,
    )


def _stored(row: Structure, region: str, synonyms: tuple[str, ...]) -> Found:
    return Found(
        key=row.key,
        name=row.name,
        side=Side(row.side),
        region=region,
        parent=row.parent.key if row.parent else "",
        snomed_code=row.snomed_code,
        tolerance_mm=row.tolerance_mm,
        colour=row.colour,
        synonyms=synonyms,
    )
