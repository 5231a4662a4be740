"""The structures that every installation knows, from `catalogue.csv`, and names for those it does not know.

Columns: key, name, side, region of the body, parent (what it is a part of), what else it shares voxels with,
SNOMED CT code and its meaning, the other codes of a DICOM segment (category, modifier, where it lies and the
modifier of that), tolerance of surface Dice (blank where none is published), colour, other spellings.
"""

import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotation.models import Side, Structure

CATALOGUE = Path(__file__).with_name("catalogue.csv")
PUBLISHED = Path(__file__).with_name("published_agreement.csv")
DEFAULT_TOLERANCE_MM = 3.0
DARKEST = 40.0  # CIELAB lightness: below it an outline is lost on a black viewport
_LEFT, _RIGHT = ("left", "l", "lt"), ("right", "r", "rt")
_SIDES = dict.fromkeys(_LEFT, Side.LEFT) | dict.fromkeys(_RIGHT, Side.RIGHT)
_LONGEST_KEY = 80

Lab = NDArray[np.float64]


@dataclass(frozen=True)
class Entry:
    """One line of the catalogue; codes are of SNOMED CT, empty where there is none.

    `modifier_code` is the side, where the code itself is of both; `region_code` the organ that a tumour or
    vessel lies in, `region_modifier_code` the side of that.
    """

    key: str
    name: str
    side: Side
    region: str
    parent: str
    overlaps: tuple[str, ...]
    snomed_code: str
    snomed_meaning: str
    category_code: str
    modifier_code: str
    region_code: str
    region_meaning: str
    region_modifier_code: str
    tolerance_mm: float
    colour: str
    synonyms: tuple[str, ...]


@dataclass(frozen=True)
class Agreement:
    """How far human readers agreed about a structure in one study.

    `kind`: inter (two readers), intra (one reader twice) or gold (against a standard). `metric`: dice or
    surface_dice. `low` to `high` is what was published as a range, or the mean alone; `what` says which.
    """

    structure: str
    modality: str
    kind: str
    metric: str
    low: float
    high: float
    mean: float | None
    sd: float | None
    readers: int | None
    cases: int | None
    what: str
    source: str
    address: str


@transaction.atomic
def load() -> None:
    """Bring the catalogue's structures into the database; what is there already stays as it is."""
    known = set(Structure.objects.values_list("key", flat=True))
    for key in entries():
        if key not in known:
            _from_catalogue(key)


def structure_named(name: str) -> Structure:
    """Return the structure of a name, key or known spelling; an unknown name makes a new structure."""
    key = key_of(name)
    existing = Structure.objects.filter(key=key).first()
    if existing is not None:
        return existing
    if key in entries():
        return _from_catalogue(key)
    _, side = _tokens(name)
    structure, _ = Structure.objects.get_or_create(
        key=key, defaults={"name": name.strip()[:120], "side": side, "colour": _free_colour()}
    )
    return structure


def key_of(name: str) -> str:
    """Return the key of the structure that a name stands for, whether or not there is such a structure."""
    return _by_spelling().get(plain(name)) or _by_tokens().get(_tokens(name)) or _new_key(name)


@cache
def entries() -> dict[str, Entry]:
    """Return the catalogue's lines by key."""
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        return {entry.key: entry for entry in map(_entry, csv.DictReader(file))}


def published_agreement(key: str) -> tuple[Agreement, ...]:
    """Return what studies say of a structure; nothing where none was found, and nothing is made up."""
    return _published().get(key, ())


@cache
def _published() -> dict[str, tuple[Agreement, ...]]:
    found: dict[str, list[Agreement]] = {}
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            found.setdefault(line["structure"], []).append(_agreement(line))
    return {key: tuple(studies) for key, studies in found.items()}


def _agreement(line: dict[str, str]) -> Agreement:
    return Agreement(
        structure=line["structure"],
        modality=line["modality"],
        kind=line["kind"],
        metric=line["metric"],
        low=float(line["low"] or line["mean"]),
        high=float(line["high"] or line["mean"]),
        mean=float(line["mean"]) if line["mean"] else None,
        sd=float(line["sd"]) if line["sd"] else None,
        readers=int(line["readers"]) if line["readers"] else None,
        cases=int(line["cases"]) if line["cases"] else None,
        what=line["what"],
        source=line["source"],
        address=line["address"],
    )


def generated_colour(taken: Iterable[str]) -> str:
    """Return the colour of a fixed palette that differs most from all that are taken; always the same one."""
    palette = _palette()
    used = np.array([_lab(colour) for colour in sorted(set(taken))]).reshape(-1, 3)
    if not len(used):
        return palette[0]
    candidates = np.array([_lab(colour) for colour in palette])
    distance = np.linalg.norm(candidates[:, None] - used[None], axis=-1).min(axis=1)
    return palette[int(distance.argmax())]


def lightness(colour: str) -> float:
    """Return the CIELAB lightness (0 black – 100 white) of a colour such as #28a0c0."""
    return float(_lab(colour)[0])


def _entry(line: dict[str, str]) -> Entry:
    return Entry(
        key=line["key"],
        name=line["name"],
        side=Side(line["side"]),
        region=line["region"],
        parent=line["parent"],
        overlaps=tuple(filter(None, line["overlaps"].split("|"))),
        snomed_code=line["snomed_code"],
        snomed_meaning=line["snomed_meaning"],
        category_code=line["category_code"],
        modifier_code=line["modifier_code"],
        region_code=line["region_code"],
        region_meaning=line["region_meaning"],
        region_modifier_code=line["region_modifier_code"],
        tolerance_mm=float(line["tolerance_mm"] or DEFAULT_TOLERANCE_MM),
        colour=line["colour"],
        synonyms=tuple(filter(None, line["synonyms"].split("|"))),
    )


def _from_catalogue(key: str) -> Structure:
    entry = entries()[key]
    parent = None
    if entry.parent:
        parent = Structure.objects.filter(key=entry.parent).first() or _from_catalogue(entry.parent)
    structure, _ = Structure.objects.get_or_create(
        key=key,
        defaults={
            "name": entry.name,
            "side": entry.side,
            "parent": parent,
            "snomed_code": entry.snomed_code,
            "tolerance_mm": entry.tolerance_mm,
            "colour": entry.colour,
        },
    )
    return structure


def _new_key(name: str) -> str:
    """Return snake_case with the side last. Letters that ASCII lacks are told apart by a short hash."""
    latin = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words, side = _tokens(latin)
    lost = any(letter.isalnum() and not letter.isascii() for letter in latin)
    digest = [hashlib.sha256(name.strip().encode()).hexdigest()[:8]] if lost or not words else []
    tail = "_".join([*digest, *filter(None, [side.value])])
    head = "_".join(words)[: _LONGEST_KEY - len(tail) - 1]
    return "_".join(filter(None, [head, tail]))


def _free_colour() -> str:
    taken = set(Structure.objects.values_list("colour", flat=True))
    return generated_colour(taken | {entry.colour for entry in entries().values()})


def plain(name: str) -> str:
    """Return a name in lower case with every run of other characters as one blank."""
    return re.sub(r"[^0-9a-z]+", " ", name.lower()).strip()


def _tokens(name: str) -> tuple[tuple[str, ...], Side]:
    """Split a name into words, CamelCase too, and take its side out, wherever that stands."""
    words = plain(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).split()
    sides = [word for word in words if word in _SIDES]
    if len(sides) != 1:
        return tuple(words), Side.NONE
    return tuple(word for word in words if word not in _SIDES), _SIDES[sides[0]]


@cache
def _by_spelling() -> dict[str, str]:
    """Return every known spelling and whose it is. A spelling of two structures would name neither."""
    found: dict[str, str] = {}
    unclear: set[str] = set()
    for entry in entries().values():
        for spelling in {plain(s) for s in _spellings(entry)}:
            if found.setdefault(spelling, entry.key) != entry.key:
                unclear.add(spelling)
    return {spelling: key for spelling, key in found.items() if spelling not in unclear}


@cache
def _by_tokens() -> dict[tuple[tuple[str, ...], Side], str]:
    """Return the known spellings as words and side, so that LeftParotid finds parotid_gland_left."""
    found: dict[tuple[tuple[str, ...], Side], str] = {}
    unclear: set[tuple[tuple[str, ...], Side]] = set()
    for entry in entries().values():
        for spelling in {_tokens(s) for s in _spellings(entry)}:
            if found.setdefault(spelling, entry.key) != entry.key:
                unclear.add(spelling)
    return {spelling: key for spelling, key in found.items() if spelling not in unclear}


def _spellings(entry: Entry) -> Iterator[str]:
    yield entry.key
    yield entry.name
    yield from entry.synonyms


@cache
def _palette() -> tuple[str, ...]:
    """Return colours of all hues at several lightnesses and saturations, none of them dark or grey."""
    colours: dict[str, None] = {}
    for light in (68.0, 55.0, 82.0):
        for chroma in (65.0, 45.0, 28.0):
            for hue in range(0, 360, 12):
                colour = _hex(light, chroma, np.deg2rad(hue))
                if colour is not None:
                    colours[colour] = None
    return tuple(colours)


# CIELAB (D65) and back; constants of IEC 61966-2-1 (sRGB) and CIE 15.
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.95047, 1.0, 1.08883])
_DELTA = 6 / 29


def _lab(colour: str) -> Lab:
    rgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    t = _TO_XYZ @ linear / _WHITE
    f = np.where(t > _DELTA**3, np.cbrt(t), t / (3 * _DELTA**2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _hex(light: float, chroma: float, hue: float) -> str | None:
    """Return a colour of the CIELAB cylinder, or None where a screen cannot show it."""
    fy = (light + 16) / 116
    f = np.array([fy + chroma * np.cos(hue) / 500, fy, fy - chroma * np.sin(hue) / 200])
    xyz = np.where(f > _DELTA, f**3, 3 * _DELTA**2 * (f - 4 / 29)) * _WHITE
    linear = np.linalg.solve(_TO_XYZ, xyz)
    if linear.min() < 0 or linear.max() > 1:
        return None
    rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.power(linear, 1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * float(c)):02x}" for c in rgb)
