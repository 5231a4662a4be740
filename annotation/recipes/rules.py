"""What a recipe says: which label stands for which structure, and what is made of them. Data, no behaviour.

Structures are keys of the catalogue, or new ones of the same form. Rules are carried out in their order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

EVERY = "*"


class Form(StrEnum):
    """How labels lie on disk."""

    LABEL_MAP = "label_map"  # one file, one value per structure
    MASKS = "masks"  # one file per structure; a missing file was not drawn
    PNG_STACK = "png_stack"  # one picture per slice, beside a DICOM series
    VOXEL_LISTS = "voxel_lists"  # one list of flat indices per structure; a missing file was not drawn


class Plane(StrEnum):
    """What decides the side of a voxel."""

    MIDPLANE = "midplane"  # each voxel by itself
    COMPONENTS = "components"  # each connected component as a whole


class Effect(StrEnum):
    """What a caution does to the structures of a case."""

    NOTE = "note"  # is said in the report
    NOT_ANNOTATED = "not_annotated"  # they count as not looked at
    SKIP = "skip"  # the case stays out


@dataclass(frozen=True)
class Rename:
    """A structure under another key."""

    source: str
    target: str


@dataclass(frozen=True)
class Merge:
    """All voxels of several structures become one; these are gone. Annotated only where all of them were."""

    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class Split:
    """An unsided structure becomes two, each voxel of it in exactly one; `Merge` takes it back."""

    source: str
    left: str
    right: str
    by: Plane


@dataclass(frozen=True)
class Contain:
    """A whole takes the voxels of its parts, which stay, on another layer: an organ and its tumour."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Subtract:
    """A structure loses the voxels that others have; these stay as they are."""

    source: str
    minus: tuple[str, ...]


@dataclass(frozen=True)
class Drop:
    """Structures that are left out."""

    sources: tuple[str, ...]


Rule = Rename | Merge | Split | Contain | Subtract | Drop


@dataclass(frozen=True)
class Cases:
    """Some cases of a data set: names as its layout gives them, or ranges of whole numbers."""

    names: frozenset[str] = frozenset()
    ranges: tuple[tuple[int, int], ...] = ()
    every: bool = False

    def __contains__(self, case: object) -> bool:
        if self.every or case in self.names:
            return True
        number = int(case) if isinstance(case, str) and case.isdecimal() else None
        return number is not None and any(low <= number <= high for low, high in self.ranges)

    def __bool__(self) -> bool:
        return self.every or bool(self.names or self.ranges)


@dataclass(frozen=True)
class Caution:
    """What is known to be wrong with some cases. `structures` may hold patterns such as vertebrae_*."""

    cases: Cases
    effect: Effect
    says: str
    structures: tuple[str, ...] = ()

    def concerns(self, case: str, key: str) -> bool:
        return case in self.cases and any(fnmatchcase(key, pattern) for pattern in self.structures)


@dataclass(frozen=True)
class Unless:
    """Structures that count as looked at only in cases that show at least one voxel of them."""

    structures: tuple[str, ...]
    cases: Cases = field(default_factory=lambda: Cases(every=True))

    def concerns(self, case: str, key: str) -> bool:
        return case in self.cases and any(fnmatchcase(key, pattern) for pattern in self.structures)


@dataclass(frozen=True)
class Layout:
    """Where files lie below the data set's folder: patterns of paths (see `annotation.recipes.layouts`).

    `beside` are files that are known and passed over. `refused`: pattern → why such labels are not taken.
    `splits` says which of the product's splits a value of the pattern's {part} stands for.
    """

    images: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """Where a data set comes from. `licence_read`: the licence was read, not only believed."""

    licence: str = ""
    licence_read: bool = False
    non_commercial: bool = False
    no_derivatives: bool = False
    citation: str = ""


@dataclass(frozen=True)
class Overlap:
    """Another data set with some of the same scans; a split must not cut between the two."""

    other: str
    says: str


@dataclass(frozen=True)
class Recipe:
    """How the labels of one data set become structures.

    labels: value of a label map → key, or None for what is left out. files: name of a mask → the same.
    ranges: first and last value → key, where a structure has more than one (pictures).
    also_called: other names under which a redistributed dataset.json may list a value.
    annotated: keys that the data set looks at; empty = all that the rules make.
    layers: key → layer, for what may not lie on the first one.
    """

    key: str
    title: str
    form: Form = Form.LABEL_MAP
    modality: str = "CT"
    labels: Mapping[int, str | None] = field(default_factory=dict)
    files: Mapping[str, str | None] = field(default_factory=dict)
    ranges: tuple[tuple[int, int, str], ...] = ()
    ignored: frozenset[int] = frozenset()
    also_called: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    annotated: tuple[str, ...] = ()
    layers: Mapping[str, int] = field(default_factory=dict)
    unknown_unless_present: tuple[Unless, ...] = ()
    cautions: tuple[Caution, ...] = ()
    spacing_unknown: Cases = field(default_factory=Cases)
    label_affine_may_be_identity: bool = False
    layout: Layout = field(default_factory=Layout)
    source: Source = field(default_factory=Source)
    overlaps: tuple[Overlap, ...] = ()
    notes: tuple[str, ...] = ()
    disabled: str = ""

    def read(self) -> tuple[str, ...]:
        """Return the keys that labels stand for before any rule, in the order of the recipe."""
        named = [key for table in (self.labels, self.files) for key in table.values() if key]
        return tuple(dict.fromkeys([*named, *(key for _, _, key in self.ranges)]))

    def structures(self) -> tuple[str, ...]:
        """Return the keys that come out, in order."""
        keys = list(self.read())
        for rule in self.rules:
            keys = outcome(rule, keys)
        return tuple(keys)

    def looked_at(self) -> tuple[str, ...]:
        """Return the keys that the data set annotates, where no case says otherwise."""
        return self.annotated or self.structures()

    def cautions_for(self, case: str) -> tuple[Caution, ...]:
        """Return what is known of a case."""
        return tuple(caution for caution in self.cautions if case in caution.cases)

    def has_unknown_spacing(self, case: str) -> bool:
        """Tell whether the header of a case lost its spacing: nothing in it can be measured in mm."""
        return case in self.spacing_unknown


def sources_of(rule: Rule) -> tuple[str, ...]:
    """Return the keys that a rule takes."""
    match rule:
        case Merge() | Drop():
            return rule.sources
        case Contain():
            return (rule.whole, *rule.parts)
        case Subtract():
            return (rule.source, *rule.minus)
        case _:
            return (rule.source,)


def targets_of(rule: Rule) -> tuple[str, ...]:
    """Return the keys that a rule makes."""
    match rule:
        case Rename() | Merge():
            return (rule.target,)
        case Split():
            return (rule.left, rule.right)
        case _:
            return ()


def consumed_by(rule: Rule) -> tuple[str, ...]:
    """Return the keys that are gone after a rule."""
    return () if isinstance(rule, Contain | Subtract) else sources_of(rule)


def outcome(rule: Rule, keys: Iterable[str]) -> list[str]:
    """Return the keys there are after a rule, new ones where the first of its sources was."""
    gone, made = consumed_by(rule), targets_of(rule)
    result: list[str] = []
    for key in keys:
        if key in gone:
            result.extend(one for one in made if one not in result)
        elif key not in result:
            result.append(key)
    return result
