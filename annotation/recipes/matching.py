"""What an incoming label most likely is: structures of the catalogue, each with how sure that is.

Sides, numbers of vertebrae and ribs, and words that are opposites are never guessed: a name that differs in
one of these is another structure, however alike it looks.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from rapidfuzz import fuzz

from annotation import catalogue
from annotation.models import Side

LEAST_CONFIDENCE = 0.72
MOST_CANDIDATES = 5
_SYNONYM = 0.98
_SURE = 0.95  # a name that is merely alike is never as sure as a known spelling
_OPPOSITES = (
    {"upper", "lower", "middle", "superior", "inferior"},
    {"artery", "vein", "vena", "nerve", "duct"},
    {"cervical", "thoracic", "lumbar", "sacral"},
    {"maximus", "medius", "minimus"},
    {"internal", "external"},
    {"anterior", "posterior"},
    {"ascending", "descending"},
    {"small", "large"},
    {"atrium", "ventricle", "appendage"},
    {"cord", "canal"},
    {"head", "neck", "shaft"},
)
_LESIONS = {word: word for word in ("lesion", "cyst", "metastasis", "nodule", "stone")} | dict.fromkeys(
    ("tumor", "tumors", "tumour", "tumours", "cancer", "mass", "carcinoma"), "tumor"
)
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}
_IDLE = {
    "the",
    "of",
    "and",
    "mask",
    "label",
    "seg",
    "segmentation",
    "roi",
    "nii",
    "gz",
    "nrrd",
    "oar",
    "organ",
}
_SIDES = {"left": Side.LEFT, "l": Side.LEFT, "lt": Side.LEFT} | {
    word: Side.RIGHT for word in ("right", "r", "rt")
}


class How(StrEnum):
    """What a proposal rests on."""

    EXACT = "exact"  # the key or the name
    SYNONYM = "synonym"  # another known spelling
    FUZZY = "fuzzy"  # merely alike


@dataclass(frozen=True)
class Candidate:
    """A structure that a label may stand for; `confidence` from 0 to 1."""

    key: str
    name: str
    how: How
    confidence: float


@dataclass(frozen=True)
class Proposal:
    """What a label may be, the likeliest first; `hint` says what a person has to decide, or is empty."""

    label: str
    candidates: tuple[Candidate, ...]
    hint: str = ""


@dataclass(frozen=True)
class _Words:
    """A name without its side: the words that may be misspelt, and those that must be the same."""

    side: Side
    both_sides: bool
    words: tuple[str, ...]
    numbers: frozenset[str]
    opposites: frozenset[str]
    lesions: frozenset[str]


def propose(names: Iterable[str]) -> list[Proposal]:
    """Return for each incoming name what it may stand for. A lead confirms; nothing is taken by itself."""
    return [_proposal(name) for name in names]


def best(name: str) -> str | None:
    """Return the likeliest structure's key, or None where nothing is likely."""
    candidates = _proposal(name).candidates
    return candidates[0].key if candidates else None


@lru_cache(maxsize=4096)
def _proposal(name: str) -> Proposal:
    known = _known(name)
    if known is not None:
        return Proposal(name, (known,))
    wanted = _words(name)
    if wanted.both_sides:
        return Proposal(name, (), "The name speaks of both sides: is it one structure, or two to be split?")
    found = [one for key in catalogue.entries() if (one := _alike(wanted, key)) is not None]
    found.sort(key=lambda one: (-one.confidence, one.key))
    if found:
        return Proposal(name, tuple(found[:MOST_CANDIDATES]))
    return Proposal(name, (), _hint(wanted))


def _known(name: str) -> Candidate | None:
    """Return the structure whose key, name or known spelling this is, as the import understands names."""
    key = catalogue.key_of(name)
    entry = catalogue.entries().get(key)
    if entry is None:
        return None
    exact = catalogue.plain(name) in (catalogue.plain(entry.key), catalogue.plain(entry.name))
    return Candidate(key, entry.name, How.EXACT if exact else How.SYNONYM, 1.0 if exact else _SYNONYM)


def _alike(wanted: _Words, key: str) -> Candidate | None:
    """Return how alike a structure's spellings are, or None where one of the words that count differs."""
    score = max((_score(wanted, spelling) for spelling in _spellings(key)), default=0.0)
    if score < LEAST_CONFIDENCE:
        return None
    return Candidate(key, catalogue.entries()[key].name, How.FUZZY, round(min(score, _SURE), 2))


def _score(wanted: _Words, spelling: _Words) -> float:
    if (wanted.side, wanted.numbers, wanted.opposites) != (
        spelling.side,
        spelling.numbers,
        spelling.opposites,
    ):
        return 0.0
    if wanted.lesions != spelling.lesions or not wanted.words or not spelling.words:
        return 0.0
    return fuzz.token_sort_ratio(" ".join(wanted.words), " ".join(spelling.words)) / 100


@cache
def _spellings(key: str) -> tuple[_Words, ...]:
    entry = catalogue.entries()[key]
    found = (_words(text) for text in (entry.key, entry.name.split("(")[0], *entry.synonyms))
    return tuple(dict.fromkeys(words for words in found if words.side == entry.side))


@lru_cache(maxsize=4096)
def _words(name: str) -> _Words:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = [word for word in catalogue.plain(apart).split() if word not in _IDLE]
    sides = {_SIDES[word] for word in words if word in _SIDES}
    numbers = {_ROMAN.get(word, word) for word in words if word in _ROMAN or any(c.isdigit() for c in word)}
    plain = [w for w in words if w not in _SIDES and w not in _ROMAN and not any(c.isdigit() for c in w)]
    return _Words(
        side=next(iter(sides)) if len(sides) == 1 else Side.NONE,
        both_sides=len(sides) == 2,
        words=tuple(_LESIONS.get(word, word) for word in plain),
        numbers=frozenset(numbers),
        opposites=frozenset(word for group in _OPPOSITES for word in group & set(plain)),
        lesions=frozenset(_LESIONS[word] for word in plain if word in _LESIONS),
    )


def _hint(wanted: _Words) -> str:
    """Say what is missing where a sided structure would fit, but no side is given; or the other way round."""
    others = [side for side in Side if side != wanted.side]
    near = [key for side in others for key in _near(wanted, side)]
    if not near:
        return "The catalogue has nothing like it: choose a structure, make a new one, or leave it out."
    names: Sequence[str] = [catalogue.entries()[key].name for key in near[:2]]
    if wanted.side == Side.NONE:
        return f"Which side is it ({' or '.join(names)})? The name does not say."
    return f"The catalogue knows this without that side ({names[0]}): choose yourself."


def _near(wanted: _Words, side: Side) -> list[str]:
    asked = _Words(side, False, wanted.words, wanted.numbers, wanted.opposites, wanted.lesions)
    return [key for key in catalogue.entries() if _alike(asked, key) is not None]
